// G.711 to linear samples (ITU-T G.711), from the segment rule.

const table = (decode) => Int16Array.from({ length: 256 }, (_, code) => decode(code));

function muLaw(code) {
  const inverted = ~code & 0xff;
  const magnitude = ((((inverted & 0x0f) << 3) + 0x84) << ((inverted >> 4) & 7)) - 0x84;
  return inverted & 0x80 ? -magnitude : magnitude;
}

function aLaw(coded) {
  const code = coded ^ 0x55;
  const [segment, mantissa] = [(code >> 4) & 7, (code & 0x0f) << 4];
  const magnitude = segment ? (mantissa + 0x108) << (segment - 1) : mantissa + 8;
  return code & 0x80 ? magnitude : -magnitude;
}

export const RATE = 8000;
export const DECODERS = { PCMU: table(muLaw), PCMA: table(aLaw) };
