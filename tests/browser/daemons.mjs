// Two daemons to look at: the demo as everybody gets it, in Chinese, and one in English whose sources are in trouble.
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

const PATIENCE_MS = 90_000;

const configuration = (own, demo, school, data) => `lang = "en"
[server]
listen = "127.0.0.1:${own}"
public_url = "http://127.0.0.1:${own}"
remote_pictures = true
[store]
path = ${JSON.stringify(data)}
[fetch]
delay = "0s"
allow_private = ["127.0.0.1/32"]
[[source]]
id = "school"
url = "http://127.0.0.1:${school}/notices/"
title = "云溪师范大学附属实验中学（含东校区、西校区及国际部）教务处 · 通知公告"
groups = ["school", "all-that-is-in-the-city-of-yunxi"]
every = "2s"
[[source]]
id = "jyt"
url = "http://127.0.0.1:${demo + 1}/jyzx/tzgg.htm"
groups = ["province"]
every = "5s"
[[source]]
id = "jwc"
url = "http://127.0.0.1:${demo + 3}/1312/list.htm"
groups = ["school"]
every = "5s"
[[source]]
id = "broken"
url = "http://127.0.0.1:${school}/broken/"
title = "A school whose server is broken"
[[source]]
id = "gone"
url = "http://127.0.0.1:${school}/gone/"
[[source]]
id = "long"
url = "http://127.0.0.1:${school}/2f1a6239-b4dc-491b-92af-7d95e0f0543e-${"0123456789abcdef".repeat(8)}.do"
[[source]]
id = "empty"
url = "http://127.0.0.1:${school}/empty/"
title = "A page without a list"
[[source]]
id = "unreachable"
url = "http://127.0.0.1:${school + 1}/"
title = "Nobody listens there"
[[source]]
id = "off"
url = "http://127.0.0.1:${school}/notices/"
enabled = false
`;

function start(name, work, arguments_) {
  const log = path.join(work, `${name}.log`);
  const out = fs.openSync(log, "w");
  const process_ = spawn(process.env.SCHOOLBELL, arguments_, { stdio: ["ignore", out, out] });
  return { log, process: process_ };
}

async function json(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address} answers ${answer.status}`);
  return answer.json();
}

/** Asks until `is` holds, and says what was last met when it never does. */
async function until(what, is) {
  const end = Date.now() + PATIENCE_MS;
  let met = "";
  while (Date.now() < end) {
    try {
      if (await is()) return;
      met = "";
    } catch (error) {
      met = `: ${error.cause ?? error}`;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${what} did not come about within ${PATIENCE_MS / 1000} s${met}`);
}

/** Starts the demo on `port` and the other daemon four ports on; both have read all their articles when this ends. */
export async function open(work, port, school, schoolPort) {
  const started = [];
  const logs = () => started.map(({ log }) => `--- ${log}\n${fs.readFileSync(log, "utf8").slice(-3000)}`).join("\n");
  const close = async () => {
    for (const { process: one } of started) {
      if (one.exitCode !== null || one.signalCode !== null) continue;
      const ended = new Promise((resolve) => one.once("exit", resolve));
      one.kill("SIGTERM");
      await ended;
    }
  };
  try {
    return { sites: await begin(started, work, port, school, schoolPort), close, logs };
  } catch (error) {
    const told = logs();
    await close();
    throw new Error(`${error.message}\n${told}`);
  }
}

async function begin(started, work, port, school, schoolPort) {
  const troubled = port + 4;
  const file = path.join(work, "en.toml");
  fs.writeFileSync(file, configuration(troubled, port, schoolPort, path.join(work, "en")));
  started.push(start("demo", work, ["demo", "--port", String(port), "--data", path.join(work, "demo")]));
  const demo = { base: `http://127.0.0.1:${port}`, lang: "zh-CN", pictures: [] };
  const polled = (sources) => sources.every((s) => !s.enabled || (s.last_poll && (s.last_error || s.articles > 0)));
  await until("the demo with its articles", async () => polled(await json(`${demo.base}/api/sources`)));
  started.push(start("en", work, ["run", "--config", file]));
  const english = { base: `http://127.0.0.1:${troubled}`, lang: "en", pictures: [1, 3].map((n) => `http://127.0.0.1:${port + n}/`) };
  await until("the daemon with troubled sources", async () => polled(await json(`${english.base}/api/sources`)));
  school.revise();
  await until("a notice that changed", async () => {
    const { items } = await json(`${english.base}/feeds/school.json`);
    return items.length === 5 && items.some((item) => item.title.endsWith("（更新）") && item.date_modified);
  });
  return [demo, english];
}
