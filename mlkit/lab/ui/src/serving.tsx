/** The page of a served model, in a frame that can reach nothing but that model. */

import { MainAreaWidget } from '@jupyterlab/apputils';
import * as React from 'react';

import { Api, IServed } from './api';
import { CommandIDs, IContext, useLab } from './context';
import { Button, Trouble, useAsked } from './parts';
import { shownIn } from './tabs';

export const servedId = (project: string) => `mlkit-served-${project}`;

export function served(context: IContext, project: string): MainAreaWidget {
  const name = project.split('/').pop() || context.trans.__('model');
  const label = context.trans.__('Try %1', name);
  const widget = shownIn(context, <Served project={project} />, servedId(project), label);
  widget.content.addClass('mlkit-mod-whole');
  return widget;
}

function Served(props: { project: string }): JSX.Element {
  const { model, commands, trans } = useLab();
  const { project } = props;
  const [first, error] = useAsked(() => model.api.pulse(project), [project]);
  const one = (first ? model.served : []).find(one => one.project === project);
  if (error) {
    return <Trouble error={error} />;
  }
  if (!first) {
    return <p className="mlkit-Empty">{trans.__('Loading…')}</p>;
  }
  return (
    <>
      <div className="mlkit-Serving">
        {one ? (
          <p role="status">
            <span className="mlkit-Dot" aria-hidden="true" />
            {trans.__('Model %1 answers here, and to nobody else.', one.version)}
          </p>
        ) : (
          <p role="status">{trans.__('This model is not served.')}</p>
        )}
        <Button
          label={one ? trans.__('Stop serving') : trans.__('Serve it')}
          primary={!one}
          onClick={() => commands.execute(one ? CommandIDs.unserve : CommandIDs.serve, { project })}
        />
      </div>
      {one && <Frame key={one.since} one={one} />}
    </>
  );
}

function Frame(props: { one: IServed }): JSX.Element {
  const { model, trans } = useLab();
  const { project } = props.one;
  const frame = React.useRef<HTMLIFrameElement>(null);
  const [page, error] = useAsked(() => model.api.servedPage(project), [project]);
  React.useEffect(() => {
    const hear = (event: MessageEvent) => {
      if (event.source && event.source === frame.current?.contentWindow) {
        void answer(model.api, project, event);
      }
    };
    window.addEventListener('message', hear);
    return () => window.removeEventListener('message', hear);
  }, [project]);
  if (error) {
    return <Trouble error={error} />;
  }
  if (!page) {
    return <p className="mlkit-Empty">{trans.__('Loading…')}</p>;
  }
  return (
    <iframe
      ref={frame}
      className="mlkit-Frame"
      title={trans.__('Ask the model by hand')}
      sandbox="allow-scripts allow-forms"
      srcDoc={framed(page)}
    />
  );
}

/** Ask the model what the page asks, and nothing else. */
async function answer(api: Api, project: string, event: MessageEvent): Promise<void> {
  const { id, path, body } = event.data as { id: number; path: string; body?: unknown };
  let told: [number, string | null] = [0, null];
  try {
    if (path === '/v1/schema') {
      told = await api.askServed(project);
    } else if (path === '/v1/predict' && typeof body === 'string') {
      told = await api.askServed(project, body);
    }
  } catch {
    // the page says that the server does not answer
  }
  const [status, text] = told;
  (event.source as Window).postMessage({ id, status, text }, '*'); // it has no origin
}

/** In the frame: what the page fetches is asked of Lab, which has the login. */
const BRIDGE = `
(() => {
  const waiting = new Map();
  let count = 0;
  addEventListener('message', event => {
    const { id, status, text } = event.data;
    const [done, fail] = waiting.get(id) ?? [];
    if (event.source !== parent || !done) return;
    waiting.delete(id);
    text === null ? fail(new TypeError('no answer')) : done(new Response(text, { status }));
  });
  window.fetch = (path, how = {}) => new Promise((...ends) => {
    waiting.set(++count, ends);
    parent.postMessage({ id: count, path, body: how.body }, '*');
  });
})();
`;
const POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; " +
  "img-src data:; base-uri 'none'; form-action 'none'";

/** The page with the bridge before its own script. */
function framed(page: string): string {
  const policy = `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`;
  return page.replace('<meta charset="utf-8">', `$&${policy}<script>${BRIDGE}</script>`);
}
