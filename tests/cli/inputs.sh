#!/bin/bash
# What cannot be read: status 2 and one line that names it, whatever the command.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

: >empty.txt
echo junk >junk.txt
mkdir -p folder 'a folder' other
echo junk >other/trace.txt
: >'a folder/trace.txt'
cp empty.txt locked.txt
chmod 0 locked.txt
ln -s loop loop
mkdir tmp
export TMPDIR=$work/tmp
long=$(printf '%0300d' 0)

# all INPUT WORD...: every command that reads recordings says these.
all() {
    for command in replay tune "import -o x.fprt" "import --salvage -o x.fprt"; do
        # shellcheck disable=SC2086 # words
        run "$BENCH" $command "$1"; refused "${@:2}"
        no_file x.fprt
        [ -z "$(ls tmp)" ] || bad "$(ls tmp) is left behind"
    done
}
all missing.txt missing.txt "No such file"
all no/such/file no/such/file "No such file"
all junk.txt/x junk.txt/x "Not a directory"
all loop loop "symbolic links"
all "$long" "too long"
all empty.txt empty.txt "empty"
all junk.txt junk.txt "not a trace"
all folder folder "no trace in this folder" trace.txt trace.dat trace.fprt
all other other/trace.txt "not a trace"
all 'a folder' 'a folder/trace.txt' "empty"
all "" "file name is empty"
for command in replay tune "import -o x.fprt"; do
    # shellcheck disable=SC2086 # words
    run "$BENCH" $command /proc/self/mem; refused /proc/self/mem "Input/output error"
done
if ! cat locked.txt 2>/dev/null; then # root may read anything
    all locked.txt locked.txt "Permission denied"
    run "$BENCH" merge locked.txt; refused locked.txt "Permission denied"
fi
run "$BENCH" merge missing.txt; refused missing.txt "No such file"
run "$BENCH" merge empty.txt; refused "empty.txt: the file is empty"
run "$BENCH" merge folder; refused folder "directory"
run "$BENCH" merge junk.txt; refused junk.txt CSV JSON
run "$BENCH" merge ""; refused "file name is empty"
finish
