/** The shapes of what the server's routes take and give. */

export type State =
  | 'never'
  | 'fresh'
  | 'stale'
  | 'running'
  | 'passed'
  | 'kept'
  | 'blocked'
  | 'unreadable'
  | 'failed'
  | 'skipped'
  | 'interrupted'
  | 'unfinished'
  | 'waiting';

export interface IProject {
  path: string;
  name: string;
  question: string;
  metric: string;
  profiles: string[];
}

export interface IFinding {
  bar: string;
  state: string;
  got?: string;
  need?: string;
  help?: string;
  required?: boolean;
}

export interface IVerdict {
  title?: string;
  findings: IFinding[];
}

/** What a step comes to, such as a monitor's verdict. */
export interface IHeadline {
  word: string;
  sentence: string;
  tone: string;
}

export interface IStep {
  state: State;
  why: string;
  loads: string[];
  saves: string[];
  drafts: string[];
  notebook: string;
  executed: string;
  parents: string[];
  decides: string[];
  gates: boolean;
  parameters: number;
  seconds: number | null;
  verdict: IVerdict | null;
  overruled: boolean;
  overrule: string;
  headline: IHeadline | null;
}

export interface IProblem {
  what: string;
  where: string;
  expected: string;
  got: string;
  todo: string;
  notebooks: string[];
}

export interface IMap {
  stops: { [step: string]: [number, number] };
  lines: { from: string; to: string; path: string }[];
  label: number;
  height: number;
}

export interface IGraph {
  project: IProject;
  steps: { [name: string]: IStep };
  map?: IMap;
  notices: string[];
  readers?: string[];
  notebooks?: string[];
  run: string;
  champion?: boolean;
  problem: IProblem | null;
}

export interface IField {
  name: string;
  type: string;
  kind: string;
  choices: string[];
  text: string;
  help: string;
}

export interface IPast {
  run: string;
  state: State;
  variant?: string;
  trial?: boolean;
  began?: number;
  seconds?: number;
  executed?: string[];
  metrics?: { [name: string]: number };
  metric?: string;
  titles?: ITitles;
  said?: string;
}

export interface IError {
  type: string;
  message: string;
  cell: number | null;
  todo: string;
}

export interface IRunStep {
  state: State;
  why: string;
  seconds: number;
  executed: string;
  parameters: { [name: string]: string };
  error: IError | null;
  saves: { [name: string]: string };
  headline: IHeadline | null;
}

export interface IRun {
  run: string;
  state: State;
  began: number;
  seconds: number;
  steps: { [name: string]: IRunStep };
}

export interface IChange {
  kind: 'state' | 'parameter' | 'decision' | 'metric' | 'artifact' | 'version';
  step: string;
  name: string;
  old: unknown;
  new: unknown;
  /** Of a metric: what it is called, and of what artifact it is. */
  title?: string;
  artifact?: string;
}

export interface IShown {
  source: string;
  alt: string;
}

/** What differs between two runs; the times are when they began. */
export interface IComparison {
  old: number;
  new: number;
  changes: IChange[];
  pictures: { step: string; old: IShown | null; new: IShown | null }[];
}

export interface IArtifact {
  name: string;
  kind: string;
  summary: string;
  sealed: boolean;
  step: string;
  run: string;
  at: number;
  identity: string;
  metrics: { [name: string]: number };
  titles: ITitles;
}

export interface IPreview extends IArtifact {
  trial: boolean;
  rows?: number;
  columns?: { name: string; type: string; roles: string[] }[];
  body?: (string | null)[][];
  text?: string;
  picture?: string;
  files?: { [name: string]: number };
}

export interface IDecision {
  name: string;
  step: string;
  made: boolean;
  value: unknown;
  by?: string;
  at?: string;
  why?: string;
  told?: string;
}

export interface IRecipe {
  name: string;
  title: string;
  steps: string[];
}

export interface IData {
  columns: { name: string; type: string; roles: string[] }[];
  target: string | null;
  recipe: string;
  recipes: IRecipe[];
}

export interface IOptions {
  only?: string;
  from?: string;
  until?: string;
  profile?: string;
  given?: { [name: string]: string };
  refresh?: boolean;
}

export interface IStarted {
  run: string;
  state?: State;
  kept?: string[];
  blocked?: string[];
}

export interface IEvent {
  event: string;
  time: number;
  run: string;
  step?: string;
  [key: string]: unknown;
}

/** What is served of a project, by the server that Lab started. */
export interface IServed {
  project: string;
  name: string;
  version: string;
  since: number;
}

export interface IModel {
  package: string;
  champion: { event: string; at: string; by: string; why: string; run: string } | null;
  is_champion: boolean;
  trial: boolean;
  card: string;
}

export interface INumbers {
  [name: string]: number;
}

export interface IGoal {
  question: string;
  use: string;
  people: string;
  costs: INumbers;
  bars: INumbers;
}

export interface ITitles {
  [name: string]: string;
}

export interface IGoalForm extends IGoal {
  titles: { costs: ITitles; bars: ITitles };
}

/** What is to be written of a goal; null takes a number away. */
export interface IGoalChange {
  question?: string;
  use?: string;
  people?: string;
  costs: { [name: string]: number | null };
  bars: { [name: string]: number | null };
}

export interface IPulse {
  run: string;
  mark: string;
  served: IServed[];
}
