"""The icons of the console, by name: what lies inside the <svg>."""

from typing import Final

# Drawn for this console on a 16 x 16 grid, stroke only.
ICONS: Final = {
    "home": '<path d="M2.5 7.5 8 3l5.5 4.5V13H9.5V9.5h-3V13H2.5z"/>',
    "recordings": '<path d="M2 8h1.5l1.5-4 2 8 2-9.5 2 8.5 1.5-3H14"/>',
    "deletions": '<path d="M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.7 9h5.6l.7-9M6.8 7v4M9.2 7v4"/>',
    "live": '<circle cx="8" cy="8" r="2"/><path d="M4.5 11.5a5 5 0 0 1 0-7M11.5 4.5a5 5 0 0 1 0 7"/>',
    "contacts": '<rect x="3.5" y="2.5" width="10" height="11" rx="1"/><circle cx="8.5" cy="6.5" r="1.6"/>'
    '<path d="M5.8 11c.4-1.6 1.4-2.2 2.7-2.2s2.3.6 2.7 2.2M2 5h1.5M2 8h1.5M2 11h1.5"/>',
    "agreement": '<path d="M4 2.5h6l2.5 2.5v8.5H4z"/><path d="M6.5 7.5h3.5M6.5 10h3.5"/>',
    "promises": '<path d="M4 2.5h6l2.5 2.5v8.5H4z"/><path d="m6 9 1.5 1.5L10.5 7"/>',
    "obligations": '<rect x="2.5" y="3.5" width="11" height="10" rx="1"/>'
    '<path d="M2.5 6.5h11M5.5 2v3M10.5 2v3M6 10l1.5 1.5L10.5 9"/>',
    "calendar": '<rect x="2.5" y="3.5" width="11" height="10" rx="1"/><path d="M2.5 6.5h11M5.5 2v3M10.5 2v3"/>',
    "subprocessors": '<circle cx="8" cy="3.5" r="1.8"/><circle cx="3.5" cy="12" r="1.8"/>'
    '<circle cx="12.5" cy="12" r="1.8"/><path d="m7 5.2-2.6 5.2M9 5.2l2.6 5.2"/>',
    "incidents": '<path d="M8 2.5 14 13H2zM8 6.5v3M8 11.2v.3"/>',
    "audits": '<circle cx="7" cy="7" r="4"/><path d="m10 10 3.5 3.5M5.2 7l1.3 1.3L9 5.8"/>',
    "attestations": '<circle cx="8" cy="6" r="3.5"/><path d="m6 9-1 5 3-1.5L11 14l-1-5"/>',
    "instructions": '<path d="M3 3h10v7.5H8L5 13v-2.5H3zM5.5 5.5h5M5.5 8h3"/>',
    "contract": '<path d="M4 2.5h6l2.5 2.5v8.5H4z"/><path d="M6 11c1-2 1.5-2 2 0s1 .5 2-1"/>',
    "access": '<circle cx="6" cy="5" r="2.5"/><path d="M2 13c0-3 2-4.5 4-4.5M9.5 9.5h4v4h-4z'
    'M10.5 9.5V8.5a1 1 0 0 1 2 0v1"/>',
    "assistance": '<circle cx="8" cy="8" r="5.5"/><path d="M6.3 6.3a1.8 1.8 0 1 1 2.4 1.7c-.5.2-.7.5-.7 1.2'
    'M8 11.2v.3"/>',
    "rights": '<circle cx="8" cy="4" r="2"/><path d="M8 6v5M3 7.5l5 .7 5-.7M8 11l-2.5 3M8 11l2.5 3"/>',
    "retention": '<path d="M4.5 2.5h7M4.5 13.5h7M5 2.5c0 3 6 4 6 5.5s-6 2.5-6 5.5M11 2.5c0 3-6 4-6 5.5s6 2.5 6 5.5"/>',
    "backups": '<ellipse cx="8" cy="4" rx="5" ry="1.8"/><path d="M3 4v8c0 1 2.2 1.8 5 1.8s5-.8 5-1.8V4M3 8'
    'c0 1 2.2 1.8 5 1.8s5-.8 5-1.8"/>',
    "storage": '<path d="M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.1M5 11h.1M8 5h3M8 11h3"/>',
    "inventory": '<path d="M2.5 5.5 8 2.5l5.5 3v6L8 14.5l-5.5-3zM2.5 5.5 8 8.5l5.5-3M8 8.5v6"/>',
    "lifecycle": '<path d="M2 8h12M12 6l2 2-2 2"/><circle cx="4" cy="8" r="1.5"/><circle cx="9" cy="8" r="1.5"/>',
    "departures": '<path d="M9 2.5H3.5v11H9"/><path d="M7 8h7M11.5 5.5L14 8l-2.5 2.5"/>',
    "rehearsal": '<path d="M2 8h12M4.5 6v4M8 4.5v7M11.5 6v4"/>',
    "people": '<circle cx="6" cy="5.5" r="2.3"/><path d="M1.8 13c.3-3 2-4.3 4.2-4.3s3.9 1.3 4.2 4.3"/>'
    '<path d="M10.3 3.4a2.3 2.3 0 0 1 0 4.2M12 9.2c1.3.6 2 1.9 2.2 3.8"/>',
    "account": '<circle cx="8" cy="5.5" r="2.5"/><path d="M3 13.5c.4-3.2 2.3-4.8 5-4.8s4.6 1.6 5 4.8"/>',
    "more": '<path d="M3.5 8h.1M8 8h.1M12.5 8h.1"/>',
    "audit": '<path d="M3 4h1M3 8h1M3 12h1M6.5 4H13M6.5 8H13M6.5 12H13"/>',
    "customers": '<path d="M2.5 13.5v-8L7 3v10.5M7 6.5h6v7M2 13.5h12M9.5 9h1M9.5 11.2h1"/>',
    "search": '<circle cx="7" cy="7" r="4"/><path d="m10 10 3.5 3.5"/>',
    "lock": '<rect x="3.5" y="7" width="9" height="6.5" rx="1"/><path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2"/>',
    "key": '<circle cx="5" cy="8" r="2.5"/><path d="M7.5 8H14M11.5 8v2.5M13.5 8v1.5"/>',
    "integrations": '<path d="M6 3v3M10 3v3M4 6h8v2.5a4 4 0 0 1-8 0zM8 12.5V15"/>',
    "exports": '<path d="M2.5 6v7.5h11V6M8 10V2.5M5 5l3-2.8L11 5"/>',
    "download": '<path d="M8 2.5v7.5M5 7.5 8 10.5l3-3M3 13.5h10"/>',
    "back": '<path d="M9.5 3.5 5 8l4.5 4.5"/>',
    "copy": '<rect x="5.5" y="5.5" width="8" height="8" rx="1"/><path d="M3 10.5H2.5v-8h8V3"/>',
    "play": '<path d="M4.5 2.5 13 8l-8.5 5.5z"/>',
    "pause": '<path d="M4 3h3v10H4zM9 3h3v10H9z"/>',
    "out": '<path d="M6.5 3h-4v10h4M6 8h8M11 5l3 3-3 3"/>',
    "print": '<path d="M4.5 6V2.5h7V6M4.5 11.5h-2V6h11v5.5h-2M4.5 9.5h7v4h-7z"/>',
}
