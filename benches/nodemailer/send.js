// Sends COUNT personalised mails through nodemailer's pool, and prints how many a second.
//
//     node send.js PORT COUNT IMAGE_BYTES [CONNECTIONS]
//
// The same kind of mail as in benches/campaign.rs: HTML and text that name their reader, and with
// IMAGE_BYTES over 0 one inline picture.
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import nodemailer from "nodemailer";

const [port, count, imageBytes, connections = 10] = process.argv.slice(2).map(Number);
const line = "The quick brown fox jumps over the lazy dog, and on it goes for a while.\n";
const bulk = (bytes) => line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes);
// A mail of 4 KB, or with its picture of 100 KB.
const [textBytes, htmlBytes] = imageBytes > 0 ? [6_000, 12_000] : [1_000, 2_000];
const image = imageBytes > 0 ? randomBytes(imageBytes) : null;

const transport = nodemailer.createTransport({
  host: "127.0.0.1",
  port,
  secure: false,
  ignoreTLS: true,
  pool: true,
  maxConnections: connections,
  maxMessages: Infinity,
  // As it comes, Nagle's algorithm costs it 44 ms a mail, and it would be no peer.
  getSocket(_options, done) {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.once("connect", () => done(null, { connection: socket }));
    socket.once("error", done);
  },
});

function mail(number) {
  const name = `Reader ${number}`;
  return {
    from: "Study <bot@example.org>",
    to: `reader${number}@example.net`,
    subject: `News for ${name}`,
    text: `Hello ${name}\n${bulk(textBytes)}`,
    html: `<p>Hello ${name}</p><p>${bulk(htmlBytes)}</p>${image ? '<img src="cid:picture">' : ""}`,
    attachments: image ? [{ filename: "picture.png", content: image, cid: "picture" }] : [],
  };
}

const begun = process.hrtime.bigint();
let next = 0;
// As many sends under way as keep every connection busy.
const sender = async () => {
  while (next < count) {
    await transport.sendMail(mail(next++));
  }
};
await Promise.all(Array.from({ length: connections * 4 }, sender));
const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
console.log(Math.round(count / seconds));
transport.close();
