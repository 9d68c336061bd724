import type { Reporter, TestModule } from 'vitest/node';

/** What became of one test in one project: the product as it is, or with one bug. */
export interface Outcome {
  readonly project: string;
  readonly file: string;
  readonly test: string;
  readonly state: string;
}

/** One JSON line at the end, for the test that started the run. */
export default class Outcomes implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const outcomes = modules.flatMap((module): Outcome[] => {
      const place = { project: module.project.name, file: module.relativeModuleId };
      const broken = module.errors().length > 0;
      if (broken) return [{ ...place, test: '', state: `broken: ${module.errors()[0]?.message}` }];
      return [...module.children.allTests()].map((test) => ({
        ...place,
        test: test.name,
        state: test.result().state,
      }));
    });
    process.stdout.write(`${JSON.stringify(outcomes)}\n`);
  }
}
