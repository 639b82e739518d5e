/** Markdown, as Lab shows it: cleaned of all that could run. */

import { IRenderMime, IRenderMimeRegistry, MimeModel } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

const MARKDOWN = 'text/markdown';
const HEAD = /^---\n[^]*?\n---\n/; // for model hubs, and not for people

/** Lab's renderers; null where there are none. */
export const Renderers = React.createContext<IRenderMimeRegistry | null>(null);

export function Markdown(props: { text: string }): JSX.Element {
  const renderers = React.useContext(Renderers);
  const place = React.useRef<HTMLDivElement>(null);
  const text = props.text.replace(HEAD, '');
  React.useEffect(() => {
    if (!renderers || !place.current) {
      return;
    }
    const renderer: IRenderMime.IRenderer = renderers.createRenderer(MARKDOWN);
    const data = { [MARKDOWN]: text };
    void renderer.renderModel(new MimeModel({ data, trusted: false }));
    Widget.attach(renderer, place.current);
    return () => renderer.dispose();
  }, [text, renderers]);
  return renderers ? <div className="mlkit-Markdown" ref={place} /> : <pre>{text}</pre>;
}
