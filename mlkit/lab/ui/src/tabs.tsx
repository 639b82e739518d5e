/** What opens in the main area: an artifact, a page; and the frame of all that does. */

import { MainAreaWidget } from '@jupyterlab/apputils';
import { IFrame, ReactWidget } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { IPreview } from './api';
import { CommandIDs, Context, IContext, useLab } from './context';
import { pipelineIcon } from './icons';
import { Markdown, Renderers } from './markdown';
import { Trouble, useAsked } from './parts';
import { tried } from './tell';
import { moment, number, size } from './words';

/** A page of the server, in a frame in which nothing can run; links keep the login. */
export function page(context: IContext, path: string, label: string): MainAreaWidget {
  const frame = new IFrame({ sandbox: ['allow-same-origin'], referrerPolicy: 'no-referrer' });
  frame.url = context.model.api.page(path);
  frame.addClass('mlkit-Page');
  frame.node.querySelector('iframe')!.title = label;
  return tab(frame, `mlkit-page-${path}`, label);
}

export function artifact(
  context: IContext,
  project: string,
  name: string,
  run?: string
): MainAreaWidget {
  const body = <Artifact project={project} name={name} run={run} />;
  return shownIn(context, body, `mlkit-artifact-${project}-${run ?? ''}-${name}`, name);
}

/** A part that is shown in a tab of its own. */
export function shownIn(
  context: IContext,
  body: JSX.Element,
  id: string,
  label: string
): MainAreaWidget {
  const content = ReactWidget.create(
    <Context.Provider value={context}>
      <Renderers.Provider value={context.renderers}>{body}</Renderers.Provider>
    </Context.Provider>
  );
  content.addClass('mlkit-Tab');
  return tab(content, id, label);
}

function tab(content: Widget, id: string, label: string): MainAreaWidget {
  const widget = new MainAreaWidget({ content });
  widget.id = id;
  widget.title.label = label;
  widget.title.icon = pipelineIcon;
  widget.title.closable = true;
  widget.toolbar.hide();
  return widget;
}

interface IPlace {
  project: string;
  name: string;
  run?: string;
}

function Artifact(props: IPlace): JSX.Element {
  const { model, trans } = useLab();
  const { project, name, run } = props;
  const keys = [project, name, run, run ? '' : model.graph];
  const [found, error] = useAsked(() => model.api.artifact(project, name, run), keys);
  if (error) {
    return <Trouble error={error} />;
  }
  if (!found) {
    return <p className="mlkit-Empty">{trans.__('Loading…')}</p>;
  }
  const metrics = Object.entries(found.metrics);
  return (
    <article>
      <h1 className="mlkit-Tab-title">{found.name}</h1>
      <p className="mlkit-Help">
        {found.kind} · {found.summary} · {trans.__('saved by %1, %2', found.step, moment(found.at))}
        {found.trial && <> · {trans.__('in a trial')}</>}
      </p>
      {metrics.length > 0 && (
        <dl className="mlkit-Tiles">
          {metrics.map(([metric, value]) => (
            <div key={metric}>
              <dt>{found.titles[metric]}</dt>
              <dd>{number(value)}</dd>
            </div>
          ))}
        </dl>
      )}
      {found.body && <Rows preview={found} />}
      {found.text !== undefined && <pre className="mlkit-Text">{found.text}</pre>}
      {found.picture && <Picture key={`picture ${found.identity}`} {...props} path={found.picture} />}
      {found.files && <Files key={`files ${found.identity}`} {...props} preview={found} />}
    </article>
  );
}

function Rows(props: { preview: IPreview }): JSX.Element {
  const { trans } = useLab();
  const { columns, body, rows } = props.preview;
  return (
    <>
      <div className="mlkit-Scroll" tabIndex={0} role="region" aria-label={props.preview.name}>
        <table className="mlkit-Table">
          <thead>
            <tr>
              {columns!.map(column => (
                <th key={column.name} scope="col">
                  {column.name}
                  <span className="mlkit-Type">{[column.type, ...column.roles].join(' · ')}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {body!.map((row, index) => (
              <tr key={index}>
                {row.map((cell, place) => (
                  <td key={place} className={`mlkit-mod-${columns![place].type}`}>
                    {cell ?? <span className="mlkit-Help">–</span>}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="mlkit-Help">{trans.__('%1 of %2 rows', body!.length, number(rows!))}</p>
    </>
  );
}

export function Picture(props: IPlace & { path: string }): JSX.Element {
  const { model } = useLab();
  const { project, name, run, path } = props;
  const [source, setSource] = React.useState('');
  const [blob, error] = useAsked(
    () => model.api.picture(project, name, path, run),
    [project, name, run, path]
  );
  React.useEffect(() => {
    const url = blob ? URL.createObjectURL(blob) : '';
    setSource(url);
    return () => URL.revokeObjectURL(url);
  }, [blob]);
  if (error) {
    return <Trouble error={error} />;
  }
  return source ? <img className="mlkit-Picture" src={source} alt={name} /> : <></>;
}

/** The files of a folder; texts can be read, and a model card opens as a page. */
function Files(props: IPlace & { preview: IPreview }): JSX.Element {
  const { model, commands } = useLab();
  const { project, name, run, preview } = props;
  const [text, setText] = React.useState<[string, string] | null>(null);
  const open = async (path: string) => {
    if (path.endsWith('.html')) {
      const inside = `.mlkit/objects/${preview.identity}/folder/${path}`;
      const whole = project ? `${project}/${inside}` : inside;
      await commands.execute(CommandIDs.page, { path: whole, label: path });
    } else {
      setText([path, await model.api.text(project, name, path, run)]);
    }
  };
  const readable = (path: string) => /\.(md|txt|json|csv|html)$/.test(path);
  return (
    <>
      <table className="mlkit-Table">
        <tbody>
          {Object.entries(preview.files!).map(([path, bytes]) => (
            <tr key={path}>
              <td>
                {readable(path) ? (
                  <button type="button" className="mlkit-Link" onClick={() => tried(() => open(path))}>
                    {path}
                  </button>
                ) : (
                  path
                )}
              </td>
              <td className="mlkit-mod-number">{size(bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {text && (
        <>
          <h2 className="mlkit-Title">{text[0]}</h2>
          {text[0].endsWith('.md') ? (
            <Markdown text={text[1]} />
          ) : (
            <pre className="mlkit-Text">{text[1]}</pre>
          )}
        </>
      )}
    </>
  );
}
