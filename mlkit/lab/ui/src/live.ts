/** A run going on, as its events tell of it. */

import { IEvent, State } from './api';

/** One step of a run going on. */
export interface ILiveStep {
  state: State;
  why: string;
  since: number;
  seconds: number;
  cell: number;
  cells: number;
  message: string;
}

/** One entry of the log: what happened, or what a cell has written. */
export interface ILine {
  time: number;
  text: string;
  step: string;
  written: boolean;
}

const LINES = 500;
const WRITTEN = 4000; // characters of what one cell has written

/** What is known of a run so far. */
export class Live {
  readonly steps = new Map<string, ILiveStep>();
  readonly log: ILine[] = [];
  told = 0;
  began = Date.now() / 1000;
  state: State = 'running';
  ended = false;

  constructor(readonly run: string) {}

  /** The steps at work now. */
  get working(): string[] {
    return this.in('running');
  }

  /** How many steps have ended, and how many there are. */
  get done(): [number, number] {
    const open = this.in('waiting').length + this.working.length;
    return [this.steps.size - open, this.steps.size];
  }

  in(state: State): string[] {
    return [...this.steps].filter(([, step]) => step.state === state).map(([name]) => name);
  }

  /** Take in one event. */
  take(event: IEvent): void {
    const step = event.step ? this.steps.get(event.step) : undefined;
    switch (event.event) {
      case 'run_started':
        this.begin(event);
        break;
      case 'step_started':
        if (step) {
          Object.assign(step, { state: 'running', since: event.time, cell: 0, why: event.why });
        }
        this.tell(event, `${event.step}: started`);
        break;
      case 'cell_started':
        if (step) {
          step.cell = Number(event.number ?? step.cell + 1);
          step.cells = Number(event.cells ?? 0);
          this.tell(event, `${event.step} [${step.cell}] ${event.line ?? ''}`);
        }
        break;
      case 'output':
        this.write(event);
        break;
      case 'step_finished':
        this.end(event);
        break;
      case 'run_finished':
        this.state = event.state as State;
        this.ended = true;
        this.tell(event, `run ${this.state}`);
        break;
    }
  }

  private begin(event: IEvent): void {
    this.began = event.time;
    for (const name of event.steps as string[]) {
      const blank = { why: '', since: 0, seconds: 0, cell: 0, cells: 0, message: '' };
      this.steps.set(name, { state: 'waiting', ...blank });
    }
    this.tell(event, 'run started');
  }

  private end(event: IEvent): void {
    const error = event.error as { message?: string } | null;
    const told = {
      state: event.state as State,
      why: String(event.why ?? ''),
      seconds: Number(event.seconds ?? 0),
      message: error?.message ?? ''
    };
    Object.assign(this.steps.get(event.step!) ?? {}, told);
    if (told.state !== 'kept') {
      const more = told.message ? `: ${told.message.split('\n')[0]}` : '';
      this.tell(event, `${event.step}: ${told.state}${more}`);
    }
  }

  private tell(event: IEvent, text: string): void {
    this.log.push({ time: event.time, text, step: event.step ?? '', written: false });
    this.log.splice(0, Math.max(0, this.log.length - LINES));
    this.told += 1;
  }

  /** Add what a cell writes to what it has written before. */
  private write(event: IEvent): void {
    const step = event.step ?? '';
    const text = String(event.text ?? '');
    const last = this.log[this.log.length - 1];
    if (last?.written && last.step === step) {
      last.text = (last.text + text).slice(-WRITTEN);
      this.told += 1;
    } else {
      this.tell(event, text.slice(-WRITTEN));
      this.log[this.log.length - 1].written = true;
    }
  }
}
