/* Draws the charts of a page from its data. */
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const OFF = 'reporting off', MEASURED = 'measured';
  /* Colours that can be told apart on either background, also by most colour-blind people. */
  const palette = () => dark.matches
    ? ['#6db3f2', '#f2a65a', '#5fc99b', '#e58ac0', '#d8d36a', '#a995ee', '#ef7d72', '#9fb3c8']
    : ['#0b62a8', '#c65a00', '#14845a', '#a8327a', '#857a00', '#5b45b0', '#b5271c', '#50657a'];
  const gapParts = [
    ['no_device', 'no device'], ['below_order', 'below the order'], ['waiting_delay', 'waiting for a pass'],
    ['waiting_budget', 'left by the budget'], ['waiting_watermark', 'refused by a watermark'],
    ['pcp', 'on per-cpu lists'], ['in_flight', 'with the device'],
    ['reported_held', 'reported, backing page still held'],
  ];
  const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const faded = colour => colour + '30';
  const charts = {};

  const label = r => r.label || `order ${r.order}, ` +
    (r.budget_divisor ? `1/${r.budget_divisor}` : 'no budget') +
    `, ${r.capacity} blocks, ${r.delay_ms} ms`;
  const same = (a, b) => a && b && a.order === b.order && a.budget_divisor === b.budget_divisor &&
    a.capacity === b.capacity && a.delay_ms === b.delay_ms;
  const kernel = { order: 9, budget_divisor: 16, capacity: 32, delay_ms: 2000 };

  /* What the recording's kernel can be set to. */
  const today = () => {
    const own = (data.kernels || []).find(k => k.kernel === trace().kernel &&
      k.profile === trace().profile);
    return own && own.settable_today;
  };

  /* What a setting is, in a word, if it is something. */
  const role = r => [
    same(r, data.recommended) && 'recommended', same(r, today()) && 'best today',
    same(r, kernel) && "the kernel's own",
  ].filter(Boolean).join(', ');
  /* The settings that are something keep their colour in every chart. */
  const colourOf = r => palette()[same(r, data.recommended) ? 0 : same(r, today()) ? 1
    : same(r, kernel) ? 2 : r.label ? 0 : 3];
  const title = r => role(r) ? `${role(r)}: ${label(r)}` : label(r);
  /* Legends cannot wrap: on a narrow page they name the role alone. */
  const short = r => innerWidth < 640 && role(r) ? role(r) : title(r);

  const state = { trace: 0, gap: null, extra: null };
  const trace = () => data.traces[state.trace];
  const noted = () => trace().results.filter((r, i) => role(r) || String(i) === state.extra ||
    trace().results.length === 1);
  const preferred = () => {
    const all = trace().results;
    const i = all.findIndex(r => same(r, data.recommended));
    return i >= 0 ? i : 0;
  };

  const points = (values, scale) =>
    values.map((v, i) => ({ x: trace().time_ms[i] / 1000, y: v / scale }));
  const line = (text, values, scale, colour, more) => Object.assign({
    label: text, data: points(values, scale), borderColor: colour, backgroundColor: faded(colour),
    borderWidth: 2, pointRadius: 0, pointHitRadius: 6, stepped: false,
  }, more);

  const axis = (text, more) => Object.assign({
    title: { display: true, text, color: css('--soft') },
    ticks: { color: css('--soft') }, grid: { color: css('--line') },
  }, more);

  /* The whole recording, from a round second on. */
  const span = () => ({ type: 'linear', min: Math.floor(trace().time_ms[0] / 10000) * 10,
    max: Math.ceil(trace().time_ms.slice(-1)[0] / 1000) });

  function base(type, datasets, x, y, more) {
    return {
      type, data: { datasets },
      options: Object.assign({
        responsive: true, maintainAspectRatio: false, animation: false,
        interaction: { mode: 'nearest', axis: 'x', intersect: false },
        scales: { x: axis(x, type === 'line' ? span() : { type: 'linear' }), y: axis(y, { beginAtZero: true }) },
        plugins: {
          legend: { position: 'bottom', labels: { color: css('--text'), boxWidth: 14,
            filter: (item, d) => !d.datasets[item.datasetIndex].quiet } },
        },
      }, more),
    };
  }

  function draw(id, config) {
    const canvas = document.getElementById(id);
    if (!canvas) return;
    if (charts[id]) charts[id].destroy();
    charts[id] = new Chart(canvas, config);
  }

  function drawHost() {
    const t = trace(), sets = [];
    if (t.measured_kib && t.measured_kib.some(v => v)) {
      sets.push(line(MEASURED, t.measured_kib, 1024, css('--text'),
        { borderDash: [2, 3], borderWidth: 1.6 }));
    }
    if (t.baseline && t.baseline.curve) {
      sets.push(line(OFF, t.baseline.curve.host, 1024, css('--soft'), { borderDash: [7, 4] }));
    }
    noted().forEach(r => {
      if (r.curve) sets.push(line(short(r), r.curve.host, 1024, colourOf(r)));
    });
    const rest = t.results.length > 1 ? t.results.filter(r => !noted().includes(r)) : [];
    rest.forEach(r => {
      if (r.curve) sets.push(line(label(r), r.curve.host, 1024, css('--line'),
        { borderWidth: 1, quiet: true, pointHitRadius: 0 }));
    });
    sets.forEach((s, i) => { s.order = i; });
    draw('host', base('line', sets, 'time in the guest (s)', 'host memory (MiB)'));
  }

  function drawRefaults() {
    const sets = [];
    noted().forEach(r => {
      if (r.curve) sets.push(line(short(r), r.curve.refaults, 1, colourOf(r)));
    });
    draw('refaults', base('line', sets, 'time in the guest (s)', 'refaults (pages)'));
  }

  function drawGap() {
    const colours = palette();
    const r = state.gap === 'off' ? trace().baseline : trace().results[state.gap || 0];
    if (!r || !r.curve) return;
    const sets = gapParts.map(([key, text], i) =>
      line(text, r.curve[key], 1024, colours[i], {
        borderWidth: 1, backgroundColor: colours[i] + 'c0',
      })).filter(s => s.data.some(p => p.y > 0));
    sets.forEach((s, i) => { s.fill = i ? '-1' : 'origin'; });
    const config = base('line', sets, 'time in the guest (s)', 'free, yet held (MiB)');
    config.options.scales.y.stacked = true;
    draw('gap', config);
  }

  function drawPareto() {
    const all = trace().results;
    if (!document.getElementById('pareto')) return;
    const point = r => ({ x: r.extra_cost_ms / 1000, y: r.given_back_gib_min, r });
    const front = all.filter(r => r.pareto).map(point).sort((a, b) => a.x - b.x);
    const sets = [
      { label: 'Pareto set', data: front, showLine: true, borderColor: palette()[5],
        backgroundColor: palette()[5], borderWidth: 1.5, pointRadius: 4, order: 2 },
      { label: 'other settings', data: all.filter(r => !r.pareto).map(point),
        backgroundColor: css('--soft'), borderColor: css('--soft'), pointRadius: 3, order: 3 },
    ];
    all.filter(role).forEach(r => sets.push({
      label: short(r), data: [point(r)], backgroundColor: colourOf(r), borderColor: colourOf(r),
      pointRadius: 8, pointStyle: 'rectRot', order: 1,
    }));
    const config = base('scatter', sets, 'CPU time above reporting off (s)',
      'given back (GiB·min)');
    const xs = all.map(r => r.extra_cost_ms / 1000);
    if (Math.min(...xs) > 0 && Math.max(...xs) / Math.min(...xs) > 30) {
      Object.assign(config.options.scales.x,
        { type: 'logarithmic', min: Math.min(...xs) / 2, max: Math.max(...xs) * 2 });
    }
    config.options.interaction = { mode: 'nearest', intersect: true };
    config.options.plugins.tooltip = { callbacks: { label: c =>
      `${label(c.raw.r)}: ${c.raw.y.toFixed(3)} GiB·min for ${c.raw.x.toFixed(3)} s` } };
    draw('pareto', config);
  }

  function drawAll() {
    drawHost(); drawPareto(); drawGap(); drawRefaults();
  }

  function select(where, text, options, chosen, change) {
    const box = document.querySelector(`.picker[data-for=${where}]`);
    if (!box || options.length < 2) return;
    const outer = document.createElement('label'), list = document.createElement('select');
    outer.append(text, list);
    options.forEach(([value, name]) => list.add(new Option(name, value, false, value === chosen)));
    list.addEventListener('change', () => change(list.value));
    box.append(outer);
  }

  function pickers() {
    document.querySelectorAll('.picker').forEach(box => { box.textContent = ''; });
    const settings = trace().results.map((r, i) => [String(i), title(r)]);
    select('host', 'recording', data.traces.map((t, i) => [String(i), t.path]),
      String(state.trace), v => { state.trace = Number(v); start(); });
    if (settings.length > 1) {
      select('host', 'also show', [['', 'nothing else'], ...settings], state.extra || '',
        v => { state.extra = v; drawHost(); drawRefaults(); });
    }
    const off = trace().baseline && trace().baseline.curve ? [['off', OFF]] : [];
    select('gap', 'setting', [...settings, ...off], state.gap,
      v => { state.gap = v; drawGap(); });
  }

  function start() {
    state.gap = String(preferred());
    state.extra = null;
    pickers();
    drawAll();
  }

  dark.addEventListener('change', drawAll);
  start();
})();
