/** The project that is looked at: its graph, its runs, and the run going on. */

import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';
import { IDisposable } from '@lumino/disposable';

import {
  Api,
  IDecision,
  IGraph,
  IOptions,
  IPast,
  IProject,
  IServed,
  IStarted,
  IStep,
  Refused,
  State
} from './api';
import { Live } from './live';

const BEAT = 1000; // milliseconds between two looks at the project's pulse

export class Model implements IDisposable {
  project: IProject | null = null;
  graph: IGraph | null = null;
  runs: IPast[] = [];
  decisions: IDecision[] | null = null;
  served: IServed[] = [];
  live: Live | null = null;
  chosen = '';
  trouble: Refused | null = null;
  starting = false;
  isDisposed = false;

  constructor(readonly api: Api) {
    this.poll = new Poll({
      factory: () => this.look(),
      frequency: { interval: BEAT, backoff: true, max: 30 * BEAT },
      name: 'mlkit-lab:pulse',
      standby: 'when-hidden'
    });
  }

  /** Something changed that is shown. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** A run that was watched here has ended. */
  get ended(): ISignal<this, Live> {
    return this._ended;
  }

  /** Decisions that were made, changed or undone while we looked. */
  get decided(): ISignal<this, IDecision[]> {
    return this._decided;
  }

  /** The server of this project's champion, where Lab has started one. */
  get serving(): IServed | undefined {
    return this.served.find(one => one.project === this.project?.path);
  }

  /** Whether there is a package to look at. */
  get hasPackage(): boolean {
    const steps = Object.values(this.graph?.steps ?? {});
    return !!this.graph?.champion || steps.some(s => s.executed && s.saves.includes('package'));
  }

  get going(): boolean {
    return this.live !== null && !this.live.ended;
  }

  step(name: string): IStep | undefined {
    return this.graph?.steps[name];
  }

  /** The state of a step: of the run going on, else as the project stands. */
  state(name: string): State {
    const live = this.going ? this.live!.steps.get(name) : undefined;
    return live ? live.state : (this.step(name)?.state ?? 'never');
  }

  /** Show the project that a path lies in; stay where we are if there is none. */
  async open(path: string): Promise<boolean> {
    const asked = ++this.asked;
    const found = await this.api.project(path);
    if (found && asked > this.opened) {
      this.opened = asked;
      if (found.path !== this.project?.path) {
        await this.show(found, asked);
      }
    }
    return found !== null;
  }

  async show(project: IProject, asked = ++this.asked): Promise<void> {
    this.opened = asked;
    this.leave();
    this.project = project;
    this.graph = null;
    this.runs = [];
    this.decisions = null;
    this.chosen = '';
    this.mark = '';
    this._changed.emit();
    await this.look();
  }

  /** Ask for the graph and the runs anew. */
  async refresh(): Promise<void> {
    const project = this.project;
    if (!project) {
      return;
    }
    const asked = ++this.asked;
    const newest = () => this.project?.path === project.path && asked > this.read;
    try {
      const { path } = project;
      const [graph, past] = await Promise.all([this.api.graph(path), this.api.runs(path)]);
      if (!newest()) {
        return;
      }
      this.graph = graph;
      this.project = graph.project;
      this.runs = past.runs;
      this.trouble = null;
    } catch (error) {
      if (!newest()) {
        return;
      }
      this.fail(project, error);
      if (this.trouble?.status === 0 || (this.trouble?.status ?? 0) >= 500) {
        this.mark = ''; // it may pass: the next look asks again
      }
    }
    this.read = asked;
    this._changed.emit();
    void this.lookAtDecisions(project, asked);
  }

  /** Serve the champion, or serve it no longer. */
  async serve(path: string, on: boolean): Promise<void> {
    await (on ? this.api.serve(path) : this.api.unserve(path));
    const found = await this.api.pulse(path);
    this.served = found.served;
    this._changed.emit();
  }

  /** Read the decisions anew, and tell of those that are others than before. */
  private async lookAtDecisions(project: IProject, asked: number): Promise<void> {
    if (this.graph?.problem) {
      return; // what makes no graph asks for no decision
    }
    const found = await this.api.decisions(project.path).catch(() => null);
    if (!found || this.project?.path !== project.path || asked !== this.read) {
      return;
    }
    const told = (one?: IDecision) =>
      one?.made ? JSON.stringify([one.value, one.why, one.at]) : '';
    const before = new Map(this.decisions?.map(one => [one.name, told(one)]));
    const other = found.filter(one => (before.get(one.name) ?? '') !== told(one));
    const first = this.decisions === null;
    this.decisions = found;
    this._changed.emit();
    if (!first && other.length) {
      this._decided.emit(other);
    }
  }

  choose(step: string): void {
    this.chosen = step;
    this._changed.emit();
  }

  async start(options: IOptions): Promise<IStarted> {
    this.starting = true;
    this._changed.emit();
    try {
      const started = await this.api.start(this.project!.path, options);
      if (started.run) {
        this.watch(started.run);
      } else {
        void this.refresh();
      }
      return started;
    } finally {
      this.starting = false;
      this._changed.emit();
    }
  }

  async stop(): Promise<void> {
    await this.api.stop(this.project!.path);
    await this.look();
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.isDisposed = true;
      this.leave();
      this.poll.dispose();
      Signal.clearData(this);
    }
  }

  /** See whether files changed or a run began elsewhere. */
  private async look(): Promise<void> {
    const project = this.project;
    if (!project) {
      return;
    }
    const pulse = await this.api.pulse(project.path).catch(error => {
      this.fail(project, error);
      this.mark = ''; // the next look that succeeds asks for all anew
      this._changed.emit();
      throw error; // the poll looks less often then
    });
    if (this.project?.path !== project.path) {
      return;
    }
    if (pulse.run && pulse.run !== this.live?.run && pulse.run !== 'starting') {
      this.watch(pulse.run);
    }
    if (JSON.stringify(pulse.served) !== JSON.stringify(this.served)) {
      this.served = pulse.served;
      this._changed.emit();
    }
    if (pulse.mark !== this.mark) {
      this.mark = pulse.mark;
      await this.refresh();
    }
  }

  /** Show what went wrong with a project, if it is still the one that is shown. */
  private fail(project: IProject, error: unknown): void {
    if (this.project?.path === project.path) {
      this.trouble = refused(error);
    }
  }

  /** Follow a run until it ends. */
  private watch(run: string): void {
    if (this.live?.run === run) {
      return;
    }
    this.stopFollowing();
    const live = new Live(run);
    const { path } = this.project!;
    this.live = live;
    this.listening = new AbortController();
    const take = (event: Parameters<Live['take']>[0]) => {
      live.take(event);
      this.soon();
    };
    void this.api
      .follow(path, run, take, this.listening.signal)
      .catch(() => undefined)
      .then(async () => {
        if (this.live !== live) {
          return;
        }
        if (live.ended) {
          await this.refresh();
          this._ended.emit(live);
        } else {
          this.live = null; // it did nothing, was killed, or we lost it
          await this.refresh();
        }
      });
  }

  /** Tell of a change, at most once a frame. */
  private soon(): void {
    if (!this.waiting) {
      this.waiting = true;
      requestAnimationFrame(() => {
        this.waiting = false;
        this._changed.emit();
      });
    }
  }

  private leave(): void {
    this.stopFollowing();
    this.live = null;
  }

  private stopFollowing(): void {
    this.listening?.abort();
    this.listening = null;
  }

  private readonly poll: Poll;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _ended = new Signal<this, Live>(this);
  private readonly _decided = new Signal<this, IDecision[]>(this);
  private listening: AbortController | null = null;
  private mark = '';
  private asked = 0; // requests so far: of two answers that of the later one stands
  private opened = 0; // the request whose project is shown
  private read = 0; // the request whose graph is shown
  private waiting = false;
}

/** Turn whatever went wrong into words. */
export function refused(error: unknown): Refused {
  if (error instanceof Refused) {
    return error;
  }
  return new Refused(0, { message: error instanceof Error ? error.message : String(error) });
}
