#include "support/replay_unit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "support/folder.h"

void replay_unit_open(struct replay_unit *unit, const char *before, const char *trace,
                      const char *extra, const char *text)
{
    struct test_folder folder;
    memset(unit, 0, sizeof(*unit));
    test_folder_make(&folder);
    if (before)
        test_folder_write(&folder, "state.before", before);
    test_folder_write(&folder, "trace.txt", trace);
    if (extra)
        test_folder_write(&folder, extra, text);
    int err = fpr_prepare(folder.path, NULL, &unit->prepared, &unit->error);
    test_folder_remove(&folder);
    if (err)
        fail_msg("%s:%d: %s", unit->error.file, (int)unit->error.line, unit->error.reason);
    fpr_replay_options_init(&unit->options);
}

void replay_unit_play(struct replay_unit *unit)
{
    fpr_replay_result_free(&unit->result);
    int err = fpr_replay(unit->prepared, &unit->options, &unit->result, &unit->error);
    if (err)
        fail_msg("%d %s: %s", err, unit->error.field, unit->error.reason);
}

void replay_unit_close(struct replay_unit *unit)
{
    fpr_replay_result_free(&unit->result);
    fpr_prepared_free(unit->prepared);
}
