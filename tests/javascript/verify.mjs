// Reads a list of {secret, headers, body} from standard input and writes, for each, the event or why it is refused.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

function verify({ secret, headers, body }) {
  try {
    return { event: new Webhook(secret).verify(body, headers) };
  } catch (error) {
    return { error: error.constructor.name + ": " + error.message };
  }
}

const messages = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(messages.map(verify)));
