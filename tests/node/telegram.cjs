// telegram-test-api on the loopback port that is given; says "listening" when it is.
const TelegramServer = require("telegram-test-api");

const server = new TelegramServer({ host: "127.0.0.1", port: Number(process.argv[2]), storeTimeout: 3600 });
server.start().then(() => console.log("listening"));
