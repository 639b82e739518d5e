/** Small parts that the others are made of. */

import * as React from 'react';

import { IHeadline, Refused, State } from './api';
import { refused } from './model';
import { tried } from './tell';

/** A button that says what it does, shut while it does it. */
export function Button(props: {
  label: string;
  onClick: () => unknown;
  title?: string;
  primary?: boolean;
  disabled?: boolean;
}): JSX.Element {
  const kind = props.primary ? 'jp-mod-accept' : 'jp-mod-reject';
  return (
    <button
      type="button"
      className={`jp-mod-styled mlkit-Button ${kind}`}
      title={props.title ?? props.label}
      disabled={props.disabled}
      onClick={() => tried(props.onClick)}
    >
      {props.label}
    </button>
  );
}

/** A card that says what is wrong and what to do. */
export function Trouble(props: { error: Refused }): JSX.Element {
  const [first, ...more] = props.error.lines;
  return (
    <div className="mlkit-Card mlkit-mod-failed" role="alert">
      <p className="mlkit-Card-title">{first}</p>
      {more.map(line => (
        <p key={line}>{line}</p>
      ))}
    </div>
  );
}

/** Whether what a step came to still holds. */
export const stands = (state: State) => ['fresh', 'passed', 'kept'].includes(state);

/** What a step that stands comes to, in a word; why is told when pointed at. */
export function Said(props: { state: State; headline: IHeadline | null }): JSX.Element | null {
  const { state, headline } = props;
  return headline && stands(state) ? (
    <span className={`mlkit-Tag mlkit-mod-${headline.tone}`} title={headline.sentence}>
      {headline.word}
    </span>
  ) : null;
}

/** What a request gave, asked anew whenever `keys` change. */
export function useAsked<T>(
  ask: () => Promise<T>,
  keys: readonly unknown[]
): [T | null, Refused | null] {
  const [found, setFound] = React.useState<T | null>(null);
  const [error, setError] = React.useState<Refused | null>(null);
  React.useEffect(() => {
    let here = true;
    ask().then(
      value => {
        if (here) {
          setFound(value);
          setError(null);
        }
      },
      no => here && setError(refused(no))
    );
    return () => {
      here = false;
    };
  }, keys);
  return [found, error];
}
