/** The icon of mlkit, and a sign for each state. */

import { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { State } from './api';

const PIPELINE = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="none" stroke="#616161" stroke-width="2">
    <path d="M6 7v10M6 9c0 4 11 1 11 6"/>
  </g>
  <g class="jp-icon3" fill="#616161">
    <circle cx="6" cy="5" r="3"/><circle cx="6" cy="19" r="3"/><circle cx="17" cy="17" r="3"/>
  </g>
</svg>`;

export const pipelineIcon = new LabIcon({ name: 'mlkit-lab:pipeline', svgstr: PIPELINE });

const MARKS: Partial<Record<State, string>> = {
  passed: 'M-4 .2-1.2 3 4-3',
  fresh: 'M-4 .2-1.2 3 4-3',
  kept: 'M-3.6-1.8H3.6M-3.6 1.8H3.6',
  blocked: 'M-4.4 0H4.4',
  failed: 'M-3-3 3 3M3-3-3 3',
  unreadable: 'M0-4V.6M0 4h0',
  interrupted: 'M-2-3.4V3.4M2-3.4V3.4',
  unfinished: 'M-2-3.4V3.4M2-3.4V3.4',
  stale: 'M-4 1C-2-3 0-1 0 0S2 3 4-1',
  skipped: 'M-3 0h0M0 0h0M3 0h0'
};

/** A disc with the mark of a state; to be put into an svg. */
export function Sign(props: { state: State }): JSX.Element {
  const mark = MARKS[props.state];
  return (
    <g className={`mlkit-Sign mlkit-mod-${props.state}`}>
      <circle className="mlkit-Sign-disc" r="8" />
      {mark && <path className="mlkit-Sign-mark" d={mark} />}
      {props.state === 'running' && <path className="mlkit-Sign-turn" d="M0-5A5 5 0 0 1 5 0" />}
    </g>
  );
}

/** The same, standing alone. */
export function Badge(props: { state: State }): JSX.Element {
  return (
    <svg className="mlkit-Badge" viewBox="-10 -10 20 20" width="16" height="16" aria-hidden="true">
      <Sign state={props.state} />
    </svg>
  );
}
