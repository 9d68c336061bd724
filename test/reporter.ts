import { relative } from 'node:path';
import process from 'node:process';
import { stripVTControlCharacters } from 'node:util';
import type { SerializedError, UserConsoleLog } from 'vitest';
import type { Reporter, TestModule, Vitest } from 'vitest/node';

type Failure = { title: string; logs: readonly string[]; errors: readonly SerializedError[] };

const FRAMES_SHOWN = 4;

/** One line a file while it runs, the failures in full, and on the last line, alone,
 *  `N passed, N failed, N skipped`. A run without a single test is a failed run;
 *  so is one with errors outside of tests. */
export default class OneLineReporter implements Reporter {
  private root = process.cwd();
  private watching = false;
  private readonly logs = new Map<string, string[]>();
  private summary = '0 passed, 0 failed, 0 skipped';
  private isFailed = true;

  onInit(vitest: Vitest): void {
    this.root = vitest.config.root;
    this.watching = vitest.config.watch;
    if (this.watching) return;
    // The very last word, after coverage tables and everything else that speaks up at the end.
    process.once('exit', (code) => {
      if (this.isFailed && code === 0) process.exitCode = 1;
      process.stdout.write(`${this.summary}\n`);
    });
  }

  onUserConsoleLog(log: UserConsoleLog): void {
    const key = log.taskId ?? '';
    const kept = this.logs.get(key) ?? [];
    kept.push(log.content.trimEnd());
    this.logs.set(key, kept);
  }

  onTestModuleEnd(module: TestModule): void {
    const tests = [...module.children.allTests()];
    const isBad = !module.ok();
    const durationMs = Math.round(module.diagnostic().duration);
    const count = `${tests.length} ${tests.length === 1 ? 'test' : 'tests'}`;
    this.print(
      `${isBad ? 'FAIL' : 'ok  '} ${this.path(module.moduleId)} (${count}, ${durationMs} ms)`,
    );
    for (const test of tests) {
      const result = test.result();
      if (result.state !== 'skipped') continue;
      this.print(`  skipped ${test.fullName}${result.note ? `: ${result.note}` : ''}`);
    }
    if (isBad) for (const failure of this.failuresOf(module)) this.printFailure(failure);
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    const failed: string[] = [];
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') count.passed += 1;
        else if (state === 'failed') count.failed += 1;
        else count.skipped += 1;
      }
      const failures = this.failuresOf(module);
      count.failed += failures.filter((failure) => !failure.title.includes(' > ')).length;
      failed.push(...failures.map((failure) => failure.title));
    }
    for (const error of unhandled) {
      count.failed += 1;
      failed.push(`outside of any test: ${error.message}`);
      this.printFailure({ title: 'outside of any test', logs: [], errors: [error] });
    }
    if (failed.length > 0)
      this.print(`\nFailed:\n${failed.map((title) => `  ${title}`).join('\n')}`);
    if (count.passed + count.failed === 0) this.print('No test has run, and that is a failure.');
    this.isFailed = count.failed > 0 || count.passed === 0;
    this.summary = `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`;
    if (this.watching) this.print(this.summary);
  }

  /** Failed tests, and what failed around them: a file that does not load, a hook. The latter have
   *  no ` > ` in their title. */
  private failuresOf(module: TestModule): Failure[] {
    const file = this.path(module.moduleId);
    const around = (errors: readonly SerializedError[], what: string, id: string): Failure[] =>
      errors.length === 0
        ? []
        : [{ title: `${file}, ${what}`, logs: this.logs.get(id) ?? [], errors }];
    const failures = around(module.errors(), 'outside of its tests', module.id);
    for (const suite of module.children.allSuites()) {
      failures.push(...around(suite.errors(), `around "${suite.fullName}"`, suite.id));
    }
    for (const test of module.children.allTests('failed')) {
      const errors = test.result().errors ?? [];
      failures.push({
        title: `${file} > ${test.fullName}`,
        logs: this.logs.get(test.id) ?? [],
        errors,
      });
    }
    return failures;
  }

  private printFailure(failure: Failure): void {
    this.print(`\n  FAIL ${failure.title}`);
    for (const error of failure.errors) this.print(indent(this.describe(error), '    '));
    if (failure.logs.length > 0) this.print(indent(`said:\n${failure.logs.join('\n')}`, '    '));
    this.print('');
  }

  private describe(error: SerializedError): string {
    const lines = [`${error.name ?? 'Error'}: ${error.message}`];
    const diff: unknown = error['diff'];
    if (typeof diff === 'string') lines.push(diff);
    const frames = error.stacks ?? [];
    const ours = frames.filter((frame) => !frame.file.includes('/node_modules/'));
    for (const frame of (ours.length > 0 ? ours : frames).slice(0, FRAMES_SHOWN)) {
      lines.push(`at ${this.path(frame.file)}:${frame.line}:${frame.column}`);
    }
    if (frames.length === 0) lines.push(...unparsedFrames(error.stack ?? ''));
    if (isError(error.cause)) lines.push(`because of ${this.describe(error.cause)}`);
    return lines.join('\n');
  }

  private path(file: string): string {
    const short = relative(this.root, file);
    return short.startsWith('..') ? file : short;
  }

  private print(text: string): void {
    const shown = process.stdout.isTTY ? text : stripVTControlCharacters(text);
    process.stdout.write(`${shown}\n`);
  }
}

/** Errors from outside of tests come with the stack as text. */
function unparsedFrames(stack: string): string[] {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  const ours = frames.filter(
    (line) => !line.includes('/node_modules/') && !line.includes('node:internal'),
  );
  return (ours.length > 0 ? ours : frames).slice(0, FRAMES_SHOWN).map((line) => line.trim());
}

function indent(text: string, by: string): string {
  return text.replaceAll(/^/gm, by);
}

function isError(value: unknown): value is SerializedError {
  return typeof value === 'object' && value !== null && 'message' in value;
}
