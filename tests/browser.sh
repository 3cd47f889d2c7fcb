# shellcheck shell=bash
# Headless Chromium on our pages. Sourced; $work is a folder of the caller's.

# pages BIN SOURCE FOLDER: one of each kind of page and drawing.
pages() {
    local bin=$1 source=$2 to=$3
    "$bin/fpr-bench" tune "$source/bench/data/memhog.fprt" "$source/bench/data/redis-warm.fprt" \
        --orders 0,5,9 --budget-divisors 16,0 --capacities 32 --delays-ms 2000,500 \
        --html "$to/tune.html" >/dev/null
    "$bin/fpr-bench" replay "$source/bench/data/memhog.fprt" --html "$to/replay.html" >/dev/null
    "$bin/fpr-bench" replay "$source/bench/data/gcc.fprt" --views "$to/views" >/dev/null
    "$bin/fpr-bench" series --only memhog --mib 256 --map-mib 32 --svg "$to/series.svg" --html "$to/series.html" >/dev/null
    "$bin/fpr-bench" overcommit --guests 2 --mib 128 --rounds 1 --slot 0.3 --html "$to/overcommit.html" >/dev/null
    mv "$to/views/node0-DMA32.svg" "$to/zone.svg"
    printf '%s\n' 'zone pages 64 max-order 4 high 8 batch 4' 'a = alloc 0' 'b = alloc 2 unmovable' \
        'c = alloc 1' 'free a' 'reporting capacity 2' 'advance 2s' "show svg $to/lab.svg" |
        "$bin/fpr-lab" -q >/dev/null
}

# An address that opens the page: SVG is shown as a browser shows the file.
browse() { # SCHEME ARG...
    local scheme=$1 dark=1
    shift
    [ "$scheme" = light ] || dark=0 # 0 is dark in Blink
    timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync --hide-scrollbars \
        --allow-file-access-from-files --virtual-time-budget=4000 \
        --blink-settings=preferredColorScheme=$dark --user-data-dir="$(mktemp -d -p "$work")" "$@" 2>/dev/null
}

# A page in a frame of this width: Chromium's own window is never narrower than 500 pixels.
framed() { # PAGE WIDTH HEIGHT
    local frame
    frame=$(mktemp -p "$work" --suffix .htm)
    cat >"$frame" <<HTML
<!doctype html><meta name=color-scheme content="light dark"><style>body{margin:0}iframe{border:0;display:block}</style>
<iframe id=f src="file://$1" width=$2 height=$3></iframe>
<script>
onload = () => { const d = document.getElementById('f').contentDocument, w = $2, bad = [];
  if (!d) { document.title = 'no document'; return; }
  const clipped = e => { for (let p = e.parentElement; p; p = p.parentElement)
    if (getComputedStyle(p).overflowX !== 'visible') return true; return false; };
  for (const e of d.body ? d.body.querySelectorAll('*') : [])
    if (e.getBoundingClientRect().right > w + 1 && !clipped(e)) bad.push(e.tagName + '.' + e.className);
  document.body.append(Object.assign(document.createElement('pre'), {id: 'wide',
    textContent: 'WIDE ' + d.documentElement.scrollWidth + ' ' + bad.slice(0, 5).join(' ') + ' END'}));
};
</script>
HTML
    echo "file://$frame"
}

shoot() { # PAGE PICTURE WIDTH SCHEME
    local height=4200
    case $1 in
    *.svg) height=900 ;;
    esac
    browse "$4" --window-size="$3,$height" --screenshot="$2" "$(framed "$1" "$3" $height)"
    [ -s "$2" ] || {
        echo "no picture of $1"
        return 1
    }
}

# wider PAGE WIDTH: says what reaches out of the page, and fails then.
wider() {
    local got
    got=$(browse light --window-size="$2,2600" --dump-dom "$(framed "$1" "$2" 2600)" |
        sed -n 's/.*<pre id="wide">WIDE \(.*\) END<.*/\1/p')
    [ "${got%% *}" = "$2" ] && [ "$got" = "$2 " ] || {
        echo "$(basename "$1") at $2 pixels: width and what is too wide: ${got:-nothing could be measured}"
        return 1
    }
}
