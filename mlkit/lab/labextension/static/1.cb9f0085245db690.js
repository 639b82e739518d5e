"use strict";(self.rspackChunkmlkit_lab=self.rspackChunkmlkit_lab||[]).push([[1],{30(t,i,e){var o=e(31),l=e.n(o),r=e(32),a=(e.n(r))()(l());a.push([t.id,`/* Every colour is Lab's own, so that light and dark themes both hold. */

.mlkit-Panel,
.mlkit-Tab,
.mlkit-Create {
  --mlkit-good: var(--jp-success-color1);
  --mlkit-bad: var(--jp-error-color1);
  --mlkit-shut: var(--jp-warn-color1);
  --mlkit-busy: var(--jp-brand-color1);
  --mlkit-quiet: var(--jp-ui-font-color3);

  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size1);
}

.mlkit-Panel {
  --mlkit-edge: 12px;

  display: flex;
  flex-direction: column;
  min-width: 240px;
  height: 100%;
  overflow: hidden;
}

.mlkit-Panel h2,
.mlkit-Panel h3,
.mlkit-Panel h4,
.mlkit-Panel p,
.mlkit-Panel ul,
.mlkit-Panel ol,
.mlkit-Panel dl,
.mlkit-Panel dd,
.mlkit-Tab dl,
.mlkit-Tab dd,
.mlkit-Create p {
  margin: 0;
  padding: 0;
  list-style: none;
}

.mlkit-Panel button:focus-visible,
.mlkit-Panel input:focus-visible,
.mlkit-Panel [role='log']:focus-visible,
.mlkit-Create button:focus-visible,
.mlkit-Banner button:focus-visible,
.mlkit-Status-button:focus-visible,
.mlkit-Tab button:focus-visible,
.mlkit-Tab div:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: -2px;
}

.mlkit-Panel .jp-mod-accept:focus-visible,
.mlkit-Tab .jp-mod-accept:focus-visible {
  outline-offset: 2px;
}

.mlkit-Panel:focus {
  outline: none;
}

/* head */

.mlkit-Head {
  padding: 10px var(--mlkit-edge) 8px;
}

.mlkit-Head-line {
  display: flex;
  align-items: center;
}

.mlkit-Head-name {
  flex: 1;
  overflow: hidden;
  font-size: var(--jp-ui-font-size2);
  font-weight: 600;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.mlkit-Head-line.mlkit-mod-top {
  align-items: flex-start;
}

.mlkit-Head-question {
  flex: 1;
  margin-top: 2px !important;
  color: var(--jp-ui-font-color2);
  line-height: 1.4;
  overflow-wrap: anywhere;
}

.mlkit-Buttons {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 6px;
  margin-top: 8px;
}

.mlkit-Button.jp-mod-styled {
  height: 26px;
  margin: 0;
  padding: 0 10px;
  font-size: var(--jp-ui-font-size1);
  letter-spacing: normal;
  line-height: 26px;
}

.mlkit-Button.jp-mod-styled.jp-mod-reject {
  border: 1px solid var(--jp-border-color1);
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  line-height: 24px;
}

.mlkit-Button.jp-mod-styled.jp-mod-reject:hover:not(:disabled) {
  background: var(--jp-layout-color2);
}

.mlkit-Button:disabled {
  opacity: 0.5;
  cursor: default;
}

.mlkit-Main.jp-mod-styled {
  display: inline-flex;
  align-items: center;
  gap: 4px;
}

.mlkit-Panel button > span:has(> svg) {
  display: inline-flex;
}

.mlkit-Main .jp-icon3[fill] {
  fill: currentcolor;
}

.mlkit-Progress {
  display: grid;
  grid-template-columns: 1fr auto;
  gap: 2px 8px;
  align-items: center;
  margin-top: 8px;
  color: var(--jp-ui-font-color2);
}

.mlkit-Progress progress {
  width: 100%;
  height: 6px;
  accent-color: var(--mlkit-busy);
}

.mlkit-Progress-what {
  grid-column: 1 / -1;
}

.mlkit-Progress-end {
  display: flex;
  align-items: center;
  gap: 6px;
  margin-top: 8px !important;
  color: var(--jp-ui-font-color2);
}

.mlkit-Served {
  display: flex;
  align-items: center;
  gap: 4px 10px;
  flex-wrap: wrap;
  margin-top: 8px !important;
  color: var(--jp-ui-font-color2);
}

.mlkit-Served .mlkit-Dot {
  margin-right: -3px;
}

.mlkit-Dot {
  display: inline-block;
  width: 8px;
  height: 8px;
  margin-right: 7px;
  border-radius: 50%;
  background: var(--mlkit-good);
}

/* tabs */

.mlkit-Tabs {
  display: flex;
  flex: none;
  padding: 0 4px;
  border-bottom: 1px solid var(--jp-border-color2);
}

.mlkit-Tabs button {
  flex: 1 1 auto;
  padding: 6px 4px;
  border: 0;
  border-bottom: 2px solid transparent;
  background: none;
  color: var(--jp-ui-font-color2);
  font: inherit;
  cursor: pointer;
}

.mlkit-Tabs button[aria-selected='true'] {
  border-bottom-color: var(--jp-brand-color1);
  color: var(--jp-ui-font-color1);
  font-weight: 600;
}

.mlkit-Body {
  flex: 1;
  overflow: hidden auto;
  padding-bottom: 24px;
}

.mlkit-Body.mlkit-mod-steps {
  display: flex;
  flex-direction: column;
  overflow: hidden;
  padding: 0;
}

.mlkit-Upper {
  flex: 1 1 0;
  min-height: 110px;
  overflow: hidden auto;
}

/* the graph */

.mlkit-Graph {
  position: relative;
  margin: 4px 0;
}

.mlkit-Graph-map {
  position: absolute;
  inset: 0 auto auto 0;
  z-index: 1;
  pointer-events: none;
}

.mlkit-Graph-line {
  fill: none;
  stroke: var(--jp-border-color1);
  stroke-width: 2;
}

.mlkit-Row {
  position: relative;
  display: flex;
  box-sizing: border-box;
  content-visibility: auto;
  contain-intrinsic-height: 36px;
}

.mlkit-Row:hover,
.mlkit-Row:focus-within {
  background: var(--jp-layout-color2);
}

.mlkit-Row.mlkit-mod-chosen {
  background: var(--jp-layout-color2);
  box-shadow: inset 3px 0 var(--jp-brand-color1);
}

.mlkit-Row-main {
  display: flex;
  flex: 1;
  align-items: center;
  gap: 6px;
  min-width: 0;
  padding: 0 4px 0 6px;
  border: 0;
  background: none;
  color: inherit;
  font: inherit;
  text-align: left;
  cursor: pointer;
}

.mlkit-Row-name {
  display: -webkit-box;
  overflow: hidden;
  line-height: 1.2;
  overflow-wrap: anywhere;
  -webkit-box-orient: vertical;
  -webkit-line-clamp: 2;
}

.mlkit-Row-icon {
  display: inline-flex;
  flex: none;
  justify-content: center;
  width: 16px;
}

.mlkit-Row-facts {
  display: flex;
  flex: none;
  flex-direction: column;
  align-items: flex-end;
  gap: 1px;
  margin-left: auto;
  line-height: 1.2;
}

.mlkit-mod-running .mlkit-Row-name {
  font-weight: 600;
}

.mlkit-Row-time {
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
  font-variant-numeric: tabular-nums;
}

.mlkit-mod-blocked .mlkit-Row-time,
.mlkit-mod-unreadable .mlkit-Row-time,
.mlkit-mod-failed .mlkit-Row-time {
  color: var(--jp-ui-font-color1);
  font-weight: 600;
}

.mlkit-Row-tools {
  display: flex;
  flex: none;
  align-items: center;
  padding-right: 6px;
}

.mlkit-Tool {
  display: inline-flex;
  align-items: center;
  justify-content: center;
  width: 24px;
  height: 24px;
  padding: 0;
  border: 0;
  border-radius: var(--jp-border-radius);
  background: none;
  cursor: pointer;
}

.mlkit-Tool:hover:not(:disabled) {
  background: var(--jp-layout-color3);
}

.mlkit-Tool:disabled {
  opacity: 0.35;
  cursor: default;
}

.mlkit-Row-tools .mlkit-Tool {
  opacity: 0.55;
}

.mlkit-Row:hover .mlkit-Tool:not(:disabled),
.mlkit-Row .mlkit-Tool:focus-visible {
  opacity: 1;
}

.mlkit-Tag {
  flex: none;
  padding: 0 5px;
  border: 1px solid var(--mlkit-shut);
  border-radius: 8px;
  font-size: var(--jp-ui-font-size0);
}

.mlkit-Tag.mlkit-mod-good {
  border-color: var(--mlkit-good);
}

.mlkit-Tag.mlkit-mod-bad {
  border-color: var(--mlkit-bad);
}

/* signs */

.mlkit-Badge {
  flex: none;
  vertical-align: -3px;
}

.mlkit-Sign-disc {
  fill: var(--jp-layout-color1);
  stroke: var(--mlkit-quiet);
  stroke-width: 1.6;
}

.mlkit-Sign-mark,
.mlkit-Sign-turn {
  fill: none;
  stroke: var(--mlkit-quiet);
  stroke-linecap: round;
  stroke-linejoin: round;
  stroke-width: 2;
}

.mlkit-Sign.mlkit-mod-passed .mlkit-Sign-disc,
.mlkit-Sign.mlkit-mod-fresh .mlkit-Sign-disc,
.mlkit-Sign.mlkit-mod-kept .mlkit-Sign-disc {
  fill: var(--mlkit-good);
  stroke: var(--mlkit-good);
}

.mlkit-Sign.mlkit-mod-unreadable .mlkit-Sign-disc,
.mlkit-Sign.mlkit-mod-failed .mlkit-Sign-disc {
  fill: var(--mlkit-bad);
  stroke: var(--mlkit-bad);
}

.mlkit-Sign.mlkit-mod-blocked .mlkit-Sign-disc {
  fill: var(--mlkit-shut);
  stroke: var(--mlkit-shut);
}

.mlkit-Sign.mlkit-mod-stale .mlkit-Sign-disc {
  stroke: var(--mlkit-shut);
}

.mlkit-Sign.mlkit-mod-stale .mlkit-Sign-mark {
  stroke: var(--mlkit-shut);
}

.mlkit-Sign.mlkit-mod-running .mlkit-Sign-disc {
  stroke: var(--mlkit-busy);
}

.mlkit-Sign.mlkit-mod-running .mlkit-Sign-turn {
  stroke: var(--mlkit-busy);
  animation: mlkit-turn 1s linear infinite;
}

.mlkit-Sign.mlkit-mod-passed .mlkit-Sign-mark,
.mlkit-Sign.mlkit-mod-fresh .mlkit-Sign-mark,
.mlkit-Sign.mlkit-mod-kept .mlkit-Sign-mark,
.mlkit-Sign.mlkit-mod-unreadable .mlkit-Sign-mark,
.mlkit-Sign.mlkit-mod-failed .mlkit-Sign-mark,
.mlkit-Sign.mlkit-mod-blocked .mlkit-Sign-mark {
  stroke: white;
}

@keyframes mlkit-turn {
  to {
    transform: rotate(360deg);
  }
}

@media (prefers-reduced-motion: reduce) {
  .mlkit-Sign-turn {
    animation: none !important;
  }
}

/* the chosen step, forms */

.mlkit-Step {
  flex: 0 1 auto;
  max-height: 55%;
  overflow: hidden auto;
  padding: 12px var(--mlkit-edge);
  border-top: 1px solid var(--jp-border-color2);
}

.mlkit-Step-head {
  display: flex;
  align-items: flex-start;
  gap: 5px;
  font-size: var(--jp-ui-font-size2);
  font-weight: 600;
  overflow-wrap: anywhere;
}

.mlkit-Step-head .mlkit-Badge {
  margin-top: 2px;
}

.mlkit-Step-state {
  color: var(--jp-ui-font-color2);
  font-weight: 400;
}

.mlkit-Step-said,
.mlkit-Step-why {
  margin-top: 4px !important;
  line-height: 1.45;
  overflow-wrap: anywhere;
  white-space: pre-line;
}

.mlkit-Title {
  margin: 16px 0 6px !important;
  color: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size1);
  font-weight: 600;
}

.mlkit-Field {
  margin-top: 8px;
}

.mlkit-Field label {
  display: block;
  font-weight: 500;
  overflow-wrap: anywhere;
}

.mlkit-Field.mlkit-mod-changed label::after {
  content: ' •';
  color: var(--jp-brand-color1);
}

.mlkit-Type {
  color: var(--jp-ui-font-color2);
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-ui-font-size0);
  font-weight: 400;
}

.mlkit-Input {
  box-sizing: border-box;
  width: 100%;
  height: 28px;
  margin-top: 3px;
  padding: 0 8px;
  border: 1px solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font: inherit;
  font-weight: 400;
}

textarea.mlkit-Input {
  height: auto;
  padding: 5px 8px;
  line-height: 1.4;
  resize: vertical;
}

.mlkit-Input:focus {
  border-color: var(--jp-brand-color1);
  outline: 1px solid var(--jp-brand-color1);
}

.mlkit-Input:disabled {
  opacity: 0.6;
}

.mlkit-Inline {
  display: flex;
  align-items: center;
  gap: 6px;
}

.mlkit-Inline .mlkit-Input {
  flex: 1;
  min-width: 0;
  margin-top: 0;
}

.mlkit-Field > label + .mlkit-Inline,
.mlkit-Field > .mlkit-Help {
  margin-top: 3px !important;
}

.mlkit-Help {
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
  font-weight: 400;
  line-height: 1.45;
  overflow-wrap: anywhere;
}

.mlkit-Notice {
  padding: 2px var(--mlkit-edge) !important;
}

.mlkit-Wires div {
  display: flex;
  gap: 8px;
  margin-top: 6px;
}

.mlkit-Wires {
  margin-top: 12px !important;
}

.mlkit-Wires dt {
  flex: none;
  width: 40px;
  color: var(--jp-ui-font-color2);
}

.mlkit-Wires dd {
  display: flex;
  flex-wrap: wrap;
  gap: 2px 10px;
}

.mlkit-Link {
  display: inline-flex;
  align-items: center;
  gap: 5px;
  padding: 0;
  border: 0;
  background: none;
  color: var(--jp-content-link-color);
  font: inherit;
  cursor: pointer;
}

.mlkit-Link:hover:not(:disabled) {
  text-decoration: underline;
}

.mlkit-Link:disabled {
  color: inherit;
  cursor: default;
}

.mlkit-Card {
  margin: 8px var(--mlkit-edge, 0);
  padding: 8px 10px;
  border: 1px solid var(--jp-border-color2);
  border-left: 3px solid var(--mlkit-quiet);
  border-radius: var(--jp-border-radius);
  background: var(--jp-layout-color1);
  line-height: 1.45;
  overflow-wrap: anywhere;
}

.mlkit-Step .mlkit-Card {
  margin: 8px 0;
}

.mlkit-Card.mlkit-mod-unreadable,
.mlkit-Card.mlkit-mod-failed {
  border-left-color: var(--mlkit-bad);
}

.mlkit-Card.mlkit-mod-blocked {
  border-left-color: var(--mlkit-shut);
}

.mlkit-Card-title {
  font-weight: 600;
}

.mlkit-Card-code {
  overflow-x: auto;
  margin: 4px 0;
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
}

.mlkit-Findings li {
  margin: 4px 0;
}

.mlkit-Card .mlkit-Inline {
  margin-top: 8px;
}

/* runs, artifacts, decisions */

.mlkit-Empty {
  padding: 16px var(--mlkit-edge, 0) !important;
  color: var(--jp-ui-font-color2);
}

.mlkit-Body > .mlkit-Buttons,
.mlkit-Body > .mlkit-Title,
.mlkit-Body > section > .mlkit-Title {
  margin-right: var(--mlkit-edge) !important;
  margin-left: var(--mlkit-edge) !important;
}

.mlkit-Past {
  border-bottom: 1px solid var(--jp-border-color3);
}

.mlkit-Past-head {
  display: flex;
  align-items: center;
  padding-left: 10px;
}

.mlkit-Past-main,
.mlkit-List-main {
  display: flex;
  flex: 1;
  align-items: center;
  gap: 8px;
  min-width: 0;
  padding: 8px var(--mlkit-edge) 8px 6px;
  border: 0;
  background: none;
  color: inherit;
  font: inherit;
  text-align: left;
  cursor: pointer;
}

.mlkit-Past-main:hover:not(:disabled),
.mlkit-List-main:hover {
  background: var(--jp-layout-color2);
}

.mlkit-Past-told {
  display: grid;
  flex: 1;
  gap: 1px;
  min-width: 0;
}

.mlkit-Past-when,
.mlkit-Past-how {
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.mlkit-Past-how {
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
}

.mlkit-Account {
  padding: 0 var(--mlkit-edge) 12px 34px;
}

.mlkit-Account-steps li {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  justify-content: space-between;
  padding: 3px 0;
}

.mlkit-Error {
  flex-basis: 100%;
  overflow-wrap: anywhere;
  white-space: pre-line;
}

.mlkit-Log {
  overflow: hidden auto;
  max-height: 260px;
  margin: 0 var(--mlkit-edge);
  padding: 6px 8px;
  border: 1px solid var(--jp-border-color2);
  background: var(--jp-layout-color2);
  color: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size0);
  line-height: 1.5;
  overflow-wrap: anywhere;
}

.mlkit-Log p {
  padding-left: 58px;
  text-indent: -58px;
}

.mlkit-Log time {
  display: inline-block;
  width: 58px;
  color: var(--jp-ui-font-color2);
  font-variant-numeric: tabular-nums;
  text-indent: 0;
}

.mlkit-Log pre {
  margin: 2px 0 4px 58px;
  padding-left: 8px;
  border-left: 2px solid var(--jp-border-color1);
  font-family: var(--jp-code-font-family);
  font-size: inherit;
  white-space: pre-wrap;
}

.mlkit-List li {
  border-bottom: 1px solid var(--jp-border-color3);
}

.mlkit-List-main {
  flex-direction: column;
  align-items: flex-start;
  gap: 1px;
  width: 100%;
  padding-left: var(--mlkit-edge);
}

.mlkit-List-name {
  font-weight: 500;
  overflow-wrap: anywhere;
}

.mlkit-List-main:disabled {
  cursor: default;
}

.mlkit-Decision .mlkit-Buttons {
  margin: 0 var(--mlkit-edge) 10px;
}

.mlkit-Ledger {
  padding: 8px var(--mlkit-edge);
  overflow-wrap: anywhere;
}

.mlkit-Value {
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-ui-font-size0);
  overflow-wrap: anywhere;
}

.mlkit-Welcome {
  display: flex;
  flex-direction: column;
  align-items: center;
  gap: 10px;
  padding: 48px 24px;
  color: var(--jp-ui-font-color2);
  line-height: 1.5;
  text-align: center;
}

.mlkit-Welcome h2 {
  color: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size2);
}

/* the main area */

.mlkit-Tab {
  overflow: auto;
  padding: 20px 28px 40px;
}

.mlkit-Tab-title {
  margin: 0 0 4px;
  font-size: var(--jp-ui-font-size3);
  font-weight: 600;
  overflow-wrap: anywhere;
}

.mlkit-Tiles {
  display: flex;
  flex-wrap: wrap;
  gap: 8px;
  margin: 14px 0 !important;
}

.mlkit-Tiles div {
  padding: 8px 14px;
  border: 1px solid var(--jp-border-color2);
  border-radius: var(--jp-border-radius);
}

.mlkit-Tiles dt {
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
}

.mlkit-Tiles dd {
  font-size: var(--jp-ui-font-size2);
  font-weight: 600;
}

.mlkit-Scroll {
  overflow: auto;
  width: fit-content;
  max-width: 100%;
  max-height: 70vh;
  margin: 14px 0 6px;
  border: 1px solid var(--jp-border-color2);
}

.mlkit-Table {
  border-collapse: collapse;
  font-size: var(--jp-ui-font-size1);
}

.mlkit-Table th,
.mlkit-Table td {
  max-width: 320px;
  overflow: hidden;
  padding: 5px 12px;
  border-bottom: 1px solid var(--jp-border-color3);
  text-align: left;
  text-overflow: ellipsis;
  vertical-align: top;
}

.mlkit-Scroll .mlkit-Table td {
  white-space: nowrap;
}

.mlkit-Table th {
  position: sticky;
  top: 0;
  background: var(--jp-layout-color2);
  font-weight: 600;
}

.mlkit-Table th .mlkit-Type {
  display: block;
}

.mlkit-Table td.mlkit-mod-number {
  font-variant-numeric: tabular-nums;
  text-align: right;
}

.mlkit-Text {
  overflow: auto;
  margin: 14px 0;
  padding: 12px;
  border: 1px solid var(--jp-border-color2);
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  line-height: 1.5;
  white-space: pre-wrap;
}

/* pictures are drawn on white: in the dark theme they stand on a mount */

.mlkit-Picture {
  box-sizing: border-box;
  max-width: 100%;
  margin-top: 12px;
  border-radius: 6px;
  background: white;
}

[data-jp-theme-light='false'] .mlkit-Picture,
[data-jp-theme-light='false'] .mlkit-Notebook .jp-RenderedImage img {
  box-sizing: border-box;
  padding: 8px;
  border-radius: 6px;
  background: white;
  filter: brightness(0.88);
}

/* two runs */

.mlkit-Compare {
  max-width: 1100px;
}

.mlkit-Compare .mlkit-Table {
  width: 100%;
  table-layout: fixed;
}

.mlkit-Compare .mlkit-Table th,
.mlkit-Compare .mlkit-Table td {
  max-width: none;
  overflow-wrap: anywhere;
}

.mlkit-Compare .mlkit-Table th:first-child {
  width: 18%;
}

.mlkit-Compare .mlkit-Table th:nth-child(2) {
  width: 32%;
}

.mlkit-Compare .mlkit-Help {
  margin-left: 6px;
}

.mlkit-Compare > .mlkit-Help,
.mlkit-Compare figcaption.mlkit-Help {
  margin-left: 0;
}

.mlkit-Pair {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr));
  gap: 0 20px;
  margin-bottom: 20px;
}

.mlkit-Pair h3 {
  grid-column: 1 / -1;
  margin: 8px 0 0;
  font-size: var(--jp-ui-font-size1);
  font-weight: 500;
}

.mlkit-Pair figure {
  margin: 0;
}

.mlkit-Pair .mlkit-Picture {
  margin-top: 6px;
}

.mlkit-ModelCard {
  max-width: 960px;
}

.mlkit-Standing {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  justify-content: space-between;
  gap: 8px 24px;
  margin-bottom: 12px;
  padding-bottom: 14px;
  border-bottom: 1px solid var(--jp-border-color2);
}

.mlkit-Standing p {
  margin: 0;
}

.mlkit-Standing .mlkit-Buttons {
  margin-top: 0;
}

.mlkit-Standing-title {
  display: flex;
  align-items: center;
  gap: 8px;
  font-size: var(--jp-ui-font-size2);
  font-weight: 600;
}

.mlkit-Standing .mlkit-Tag {
  border-color: var(--mlkit-good);
  font-weight: 400;
}

.mlkit-Markdown .jp-RenderedMarkdown {
  padding: 0;
}

.mlkit-Tab.mlkit-mod-whole {
  display: flex;
  flex-direction: column;
  padding: 0;
}

.mlkit-Serving {
  display: flex;
  flex: none;
  flex-wrap: wrap;
  align-items: center;
  justify-content: space-between;
  gap: 6px 16px;
  padding: 8px 16px;
  border-bottom: 1px solid var(--jp-border-color2);
}

.mlkit-Serving p {
  margin: 0;
}

.mlkit-mod-whole .mlkit-Empty,
.mlkit-mod-whole > .mlkit-Card {
  margin: 16px;
}

.mlkit-Frame {
  flex: 1;
  width: 100%;
  min-height: 0;
  border: 0;
}

.mlkit-Page iframe {
  background: white;
}

/* what is framed sees Lab's theme as the reader's wish */

.mlkit-Page iframe,
.mlkit-Frame {
  color-scheme: light;
}

[data-jp-theme-light='false'] .mlkit-Page iframe,
[data-jp-theme-light='false'] .mlkit-Frame {
  color-scheme: dark;
}

/* notebooks, dialog, status bar */

.mlkit-Banner {
  display: flex;
  align-items: center;
  justify-content: space-between;
  gap: 12px;
  min-height: 34px;
  padding: 4px 12px;
  border-bottom: 1px solid var(--jp-border-color2);
  border-left: 3px solid var(--jp-warn-color1);
  background: var(--jp-layout-color2);
  color: var(--jp-ui-font-color1);
}

.mlkit-Banner span {
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.mlkit-Banner button {
  flex: none;
}

.mlkit-RunAsStep .jp-ToolbarButtonComponent-label {
  margin-left: 4px;
}

.mlkit-Create {
  width: min(460px, 80vw);
  background: none;
}

.mlkit-Create .mlkit-Card {
  margin: 0;
}

.jp-Dialog-content:has(.mlkit-Goal) {
  max-height: 92vh;
}

.mlkit-Numbers {
  margin: 14px 0 0;
  padding: 0;
  border: 0;
}

.mlkit-Numbers legend {
  padding: 0;
  font-weight: 500;
}

.mlkit-Number {
  display: flex;
  align-items: center;
  gap: 6px;
}

.mlkit-Number label {
  flex: 1;
  min-width: 0;
  overflow-wrap: anywhere;
}

.mlkit-Number .mlkit-Input {
  width: 110px;
  font-variant-numeric: tabular-nums;
  text-align: right;
}

.mlkit-Number .mlkit-Tool {
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size2);
}

.mlkit-Numbers .mlkit-Help {
  margin-top: 3px !important;
}

.mlkit-Status-button {
  height: 100%;
  padding: 0 8px;
  border: 0;
  background: none;
  color: inherit;
  font: inherit;
  cursor: pointer;
}
`,""]),e.d(i,{},{A:a})},32(t){t.exports=function(t){var i=[];return i.toString=function(){return this.map(function(i){var e="",o=void 0!==i[5];return i[4]&&(e+="@supports (".concat(i[4],") {")),i[2]&&(e+="@media ".concat(i[2]," {")),o&&(e+="@layer".concat(i[5].length>0?" ".concat(i[5]):""," {")),e+=t(i),o&&(e+="}"),i[2]&&(e+="}"),i[4]&&(e+="}"),e}).join("")},i.i=function(t,e,o,l,r){"string"==typeof t&&(t=[[null,t,void 0]]);var a={};if(o)for(var n=0;n<this.length;n++){var m=this[n][0];null!=m&&(a[m]=!0)}for(var p=0;p<t.length;p++){var d=[].concat(t[p]);o&&a[d[0]]||(void 0!==r&&(void 0===d[5]||(d[1]="@layer".concat(d[5].length>0?" ".concat(d[5]):""," {").concat(d[1],"}")),d[5]=r),e&&(d[2]&&(d[1]="@media ".concat(d[2]," {").concat(d[1],"}")),d[2]=e),l&&(d[4]?(d[1]="@supports (".concat(d[4],") {").concat(d[1],"}"),d[4]=l):d[4]="".concat(l)),i.push(d))}},i}},31(t){t.exports=function(t){return t[1]}},23(t,i,e){e.r(i);var o=e(24),l=e.n(o),r=e(25),a=e.n(r),n=e(26),m=e.n(n),p=e(27),d=e.n(p),s=e(28),k=e.n(s),c=e(29),f=e.n(c),g=e(30),u={};u.styleTagTransform=f(),u.setAttributes=d(),u.insert=m().bind(null,"head"),u.domAPI=a(),u.insertStyleElement=k(),l()(g.A,u);let x=g.A&&g.A.locals?g.A.locals:void 0;e.d(i,{},{default:x})},24(t){var i=[];function e(t){for(var e=-1,o=0;o<i.length;o++)if(i[o].identifier===t){e=o;break}return e}function o(t,o){for(var l={},r=[],a=0;a<t.length;a++){var n=t[a],m=o.base?n[0]+o.base:n[0],p=l[m]||0,d="".concat(m," ").concat(p);l[m]=p+1;var s=e(d),k={css:n[1],media:n[2],sourceMap:n[3],supports:n[4],layer:n[5]};if(-1!==s)i[s].references++,i[s].updater(k);else{var c=function(t,i){var e=i.domAPI(i);return e.update(t),function(i){i?(i.css!==t.css||i.media!==t.media||i.sourceMap!==t.sourceMap||i.supports!==t.supports||i.layer!==t.layer)&&e.update(t=i):e.remove()}}(k,o);o.byIndex=a,i.splice(a,0,{identifier:d,updater:c,references:1})}r.push(d)}return r}t.exports=function(t,l){var r=o(t=t||[],l=l||{});return function(t){t=t||[];for(var a=0;a<r.length;a++){var n=e(r[a]);i[n].references--}for(var m=o(t,l),p=0;p<r.length;p++){var d=e(r[p]);0===i[d].references&&(i[d].updater(),i.splice(d,1))}r=m}}},26(t){var i={};t.exports=function(t,e){var o=function(t){if(void 0===i[t]){var e=document.querySelector(t);if(window.HTMLIFrameElement&&e instanceof window.HTMLIFrameElement)try{e=e.contentDocument.head}catch(t){e=null}i[t]=e}return i[t]}(t);if(!o)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");o.appendChild(e)}},28(t){t.exports=function(t){var i=document.createElement("style");return t.setAttributes(i,t.attributes),t.insert(i,t.options),i}},27(t,i,e){t.exports=function(t){var i=e.nc;i&&t.setAttribute("nonce",i)}},25(t){t.exports=function(t){if("u"<typeof document)return{update:function(){},remove:function(){}};var i=t.insertStyleElement(t);return{update:function(e){var o,l,r;o="",e.supports&&(o+="@supports (".concat(e.supports,") {")),e.media&&(o+="@media ".concat(e.media," {")),(l=void 0!==e.layer)&&(o+="@layer".concat(e.layer.length>0?" ".concat(e.layer):""," {")),o+=e.css,l&&(o+="}"),e.media&&(o+="}"),e.supports&&(o+="}"),(r=e.sourceMap)&&"u">typeof btoa&&(o+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(r))))," */")),t.styleTagTransform(o,i,t.options)},remove:function(){var t;null===(t=i).parentNode||t.parentNode.removeChild(t)}}}},29(t){t.exports=function(t,i){if(i.styleSheet)i.styleSheet.cssText=t;else{for(;i.firstChild;)i.removeChild(i.firstChild);i.appendChild(document.createTextNode(t))}}}}]);