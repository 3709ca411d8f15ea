// A certified OpenID provider (npm oidc-provider) with its own login pages: node openid_provider.mjs PORT REDIRECT_URI
import { Provider } from "oidc-provider";

const [port, back] = process.argv.slice(2);
const account = (id) => ({
  accountId: id,
  claims: () => ({ sub: id, email: `${id}@corp.example`, email_verified: id !== "unchecked", name: `The ${id}` }),
});
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "parley", client_secret: "a secret / of %ours", redirect_uris: [back], post_logout_redirect_uris: [] }],
  claims: { email: ["email", "email_verified"], profile: ["name"] },
  findAccount: (_context, id) => account(id),
  cookies: { keys: ["only for tests"] },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("listening"));
