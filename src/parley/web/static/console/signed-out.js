// Whoever signs in may be somebody else than who signed out: keys of this customer that are still open here are closed.
const { customer } = document.querySelector("[data-customer]").dataset;
const registration = await navigator.serviceWorker?.getRegistration(new URL("sealed/", import.meta.url));
registration?.active?.postMessage({ deed: "forget", customer }, [new MessageChannel().port2]);
