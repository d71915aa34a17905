// An OpenID provider with two people and one client, for tests. Says at which port it listens; then
// it takes, as a line, where the client wants people sent back to, and says that it is ready.
// Arguments: the folder of its packages, and the client's secret.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const [packages, secret] = process.argv.slice(2);
const { default: Provider } = await import(`${packages}/oidc-provider/lib/index.js`);

const people = {
  maria: { preferred_username: 'Maria.Hansen', name: 'Maria Hansen', email: 'maria@example.com', groups: ['staff', 'order-desk'] },
  olaf: { preferred_username: 'olaf', name: 'Olaf Berg', email: 'olaf@example.com', groups: ['visitors'] },
};

const server = createServer();
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
createInterface({ input: process.stdin }).once('line', (back) => {
  const provider = new Provider(`http://127.0.0.1:${server.address().port}`, {
    clients: [{
      client_id: 'botswain',
      client_secret: secret,
      redirect_uris: [back],
      response_types: ['code'],
      grant_types: ['authorization_code'],
    }],
    // Claims come when they are asked for, not in the token, as the specification has it.
    claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'groups'], email: ['email'] },
    pkce: { required: () => true },
    findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
    features: { devInteractions: { enabled: true } },
  });
  server.on('request', provider.callback());
  console.log('ready');
});
