namespace DocTuneLab.Notebooks.Reporting;

/// <summary>The look of a report. System fonts: a report must not fetch anything.</summary>
internal static class ReportStyle
{
    public const string Css = """
        :root {
          --bg: #ffffff; --fg: #1d2129; --muted: #667085; --line: #e4e7ec; --soft: #f6f7f9; --accent: #2f5fd0;
          --bad: #b42318; --bad-bg: #fef3f2;
          --red: #b42318; --green: #0a6b3d; --yellow: #8a5a00; --blue: #2f5fd0; --magenta: #8250df; --cyan: #0b6e8a;
          --kw: #8250df; --st: #0a6b3d; --nu: #b35900; --cm: #7a8290; --ty: #0b6e8a; --fn: #2f5fd0; --mg: #b0237a;
          --sans: system-ui, -apple-system, "Segoe UI", Roboto,
            "Noto Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif;
          --mono: ui-monospace, "Cascadia Code", "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --bg: #14171c; --fg: #e3e6eb; --muted: #98a2b3; --line: #2c323c; --soft: #1c2027; --accent: #8fb0ff;
            --bad: #ff9c8f; --bad-bg: #33191a;
            --red: #ff9c8f; --green: #7fd6a4; --yellow: #f0b272; --blue: #8fb0ff; --magenta: #c8a1ff; --cyan: #74cfe6;
            --kw: #c8a1ff; --st: #7fd6a4; --nu: #f0b272; --cm: #858e9c; --ty: #74cfe6; --fn: #8fb0ff; --mg: #f29bcf;
          }
        }
        * { box-sizing: border-box; }
        html { scroll-behavior: smooth; scroll-padding-top: 1.5rem; -webkit-text-size-adjust: 100%; }
        body { margin: 0; background: var(--bg); color: var(--fg); font: 16px/1.6 var(--sans); font-kerning: normal; }
        main { max-width: 54rem; margin: 0 auto; padding: 2.5rem 1.5rem 6rem; }
        a { color: var(--accent); text-decoration-thickness: .06em; text-underline-offset: .18em; }
        h1, h2, h3, h4 { line-height: 1.25; margin: 2.2em 0 .6em; letter-spacing: -.011em; text-wrap: balance; }
        h1 { font-size: 2rem; margin-top: 1.2em; }
        h2 { font-size: 1.45rem; padding-top: .9em; border-top: 1px solid var(--line); }
        h3 { font-size: 1.15rem; }
        h4 { font-size: 1rem; }
        p, ul, ol, blockquote { margin: .7em 0; }
        li { margin: .2em 0; }
        blockquote { margin-left: 0; padding-left: 1em; border-left: 3px solid var(--line); color: var(--muted); }
        code, pre { font-family: var(--mono); font-size: .86em; }
        pre code { font-size: inherit; }
        .text code { background: var(--soft); padding: .12em .35em; border-radius: 4px; }
        .text pre code { background: none; padding: 0; }
        pre {
          background: var(--soft); border-radius: 8px; padding: .8em 1em; overflow: auto; line-height: 1.5;
          margin: .7em 0; tab-size: 4;
        }
        table {
          border-collapse: collapse; font-size: .92em; margin: .9em 0; display: block; max-width: 100%;
          overflow-x: auto; font-variant-numeric: tabular-nums;
        }
        th, td { padding: .38em .8em; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
        th { font-weight: 600; color: var(--muted); border-bottom-width: 2px; white-space: nowrap; }
        li.task-list-item { list-style: none; margin-left: -1.3em; }
        .text pre.mermaid { background: none; padding: 0; }
        .math { font-family: var(--mono); font-size: .9em; }
        .out > table:first-child, .out > style + table { margin-top: .2em; }
        table.doctune-table table { font-size: 1em; margin: .4em 0; }
        .doctune-table td.n, .doctune-table th.n { text-align: right; }
        .doctune-table summary { cursor: pointer; }
        .ansi-bold { font-weight: 700; }
        .ansi-black { color: var(--muted); }
        .ansi-white { color: inherit; }
        .ansi-on-red { background: var(--bad-bg); }
        .ansi-red { color: var(--red); }
        .ansi-green { color: var(--green); }
        .ansi-yellow { color: var(--yellow); }
        .ansi-blue { color: var(--blue); }
        .ansi-magenta { color: var(--magenta); }
        .ansi-cyan { color: var(--cyan); }
        img, svg { max-width: 100%; height: auto; }
        .out svg.main-svg { max-width: none; }
        header { margin-bottom: 2rem; }
        header h1 { margin-top: 0; }
        .run { display: flex; flex-wrap: wrap; gap: .4rem 2rem; margin: 0; padding: .2rem 0 1rem; font-size: .88rem; }
        .run dt { color: var(--muted); }
        .run dd { margin: 0; font-weight: 500; font-variant-numeric: tabular-nums; }
        .summary { border: 1px solid var(--line); border-radius: 12px; padding: .6rem 1.3rem; background: var(--soft); }
        .banner { background: var(--bad-bg); color: var(--bad); border-radius: 8px; padding: .7em 1em; font-weight: 500; }
        .banner a { color: inherit; }
        .cell { margin: .9rem 0; }
        .out { margin: .7em 0; overflow-x: auto; }
        .out > pre, pre.stream, pre.value { background: none; padding: 0 0 0 .9em; border-left: 3px solid var(--line); border-radius: 0; }
        pre.stderr { border-left-color: var(--bad); }
        pre.error { background: var(--bad-bg); color: var(--bad); white-space: pre-wrap; }
        details.code > summary, details.long > summary {
          cursor: pointer; color: var(--muted); font-size: .82rem; list-style: none; display: flex; gap: .6em;
          align-items: baseline; padding: .2em 0;
        }
        details > summary::-webkit-details-marker { display: none; }
        details.code > summary::before, details.long > summary::before { content: "\25B8"; flex: none; }
        details[open] > summary::before { content: "\25BE"; }
        details.code > summary code {
          white-space: nowrap; overflow: hidden; text-overflow: ellipsis; min-width: 0; flex: 1;
          font-size: 1em;
        }
        details[open].code > summary code { visibility: hidden; }
        .facts, .n { flex: none; font-variant-numeric: tabular-nums; }
        .kw { color: var(--kw); }
        .st { color: var(--st); }
        .nu { color: var(--nu); }
        .cm { color: var(--cm); font-style: italic; }
        .ty { color: var(--ty); }
        .fn { color: var(--fn); }
        .mg { color: var(--mg); }
        nav {
          font-size: .85rem; margin: 0 0 2rem; padding: .6rem 0; border-top: 1px solid var(--line);
          border-bottom: 1px solid var(--line);
        }
        nav ol { list-style: none; margin: 0; padding: 0; columns: 2 16rem; }
        nav a { color: var(--muted); text-decoration: none; display: block; padding: .12em 0; }
        nav a:hover { color: var(--accent); }
        nav .l2 { padding-left: .9em; }
        nav .l3 { padding-left: 1.8em; }
        @media (min-width: 84rem) {
          nav {
            position: fixed; left: max(1.5rem, calc(50vw - 44rem)); top: 0; width: 15rem; max-height: 100vh;
            overflow: auto; padding: 3rem 0 2rem; margin: 0; border: 0;
          }
          nav ol { columns: 1; }
        }
        @media (max-width: 40rem) {
          main { padding: 1.5rem 1rem 4rem; }
          h1 { font-size: 1.6rem; }
          nav .l3 { display: none; }
          .summary { padding: .4rem .9rem; }
        }
        @media print {
          nav { display: none; }
          main { max-width: none; padding: 0; }
          body { font-size: 10.5pt; }
          details.code:not([open]) { display: none; }
          pre { white-space: pre-wrap; }
          h1, h2, h3 { break-after: avoid; }
          .out, table, figure { break-inside: avoid; }
        }

        """;
}
