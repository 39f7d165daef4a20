// The event loop of examples/wasm, in node: node run.mjs FILE.wasm
import { readFile } from "node:fs/promises";
import { performance } from "node:perf_hooks";

const PERIOD_MS = 20, TICKS = 5, LIMIT_MS = 30_000;

function check(isSo, what) {
    if (!isSo) throw new Error(what);
}

const { instance } = await WebAssembly.instantiate(await readFile(process.argv[2]), {});
const timers = instance.exports;

check(timers.wrong_answers() === 0, `${timers.wrong_answers()} calls that need a clock or a thread did not say so`);
check(timers.others() === 3, `${timers.others()} of 3 work`);
check(timers.start(PERIOD_MS) === 1, "it does not start");

const start = performance.now();
const loop = () => {
    const now = performance.now() - start;
    const next = timers.turn(now);
    check(next >= 0, "nothing is armed");
    check(timers.ticks() * PERIOD_MS <= now, "a tick came early");
    check(now < LIMIT_MS, `${timers.ticks()} ticks in ${now} ms`);
    if (timers.ticks() < TICKS) {
        setTimeout(loop, next);
    } else {
        console.log(`${timers.ticks()} ticks of ${PERIOD_MS} ms in ${now.toFixed(1)} ms`);
    }
};
loop();
