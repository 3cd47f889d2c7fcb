#include "fuzz/support/machine.h"

#include "fuzz/support/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
    char *data;
    size_t size;
};

static int append(void *ctx, const char *piece, size_t len)
{
    struct text *t = ctx;
    char *more = realloc(t->data, t->size + len);
    if (!more) {
        abort();
    }
    memcpy(more + t->size, piece, len);
    t->data = more;
    t->size += len;
    return 0;
}

static void save(const struct fpr_machine *m, const struct fpr_state_header *header, struct text *t)
{
    *t = (struct text){.data = NULL};
    if (fpr_machine_save(m, header, append, t) != 0) {
        abort();
    }
}

static void validate(const struct fpr_machine *m)
{
    char reason[256];
    for (size_t i = 0; i < fpr_machine_nr_zones(m); i++) {
        int rule = 0;
        if (fpr_zone_validate(fpr_machine_zone(m, i), &rule, reason, sizeof(reason)) != 0) {
            fprintf(stderr, "zone %zu: rule %d: %s\n", i, rule, reason);
            abort();
        }
    }
}

static void compare(const struct fpr_machine *a, const struct fpr_machine *b)
{
    for (size_t i = 0; i < fpr_machine_nr_zones(a); i++) {
        if (fpr_zone_hash(fpr_machine_zone(a, i), true) !=
            fpr_zone_hash(fpr_machine_zone(b, i), true)) {
            fprintf(stderr, "zone %zu: another hash after saving and loading\n", i);
            abort();
        }
    }
}

void fuzz_check_machine(const struct fpr_machine *m, const struct fpr_state_header *header,
                        const struct fpr_mem_ops *mem)
{
    struct fpr_machine *copy;
    struct fpr_state_header again;
    struct fpr_text_error error;
    struct fpr_zone_info info;
    struct text first, second;

    validate(m);
    save(m, header, &first);
    if (fpr_zone_get_info(fpr_machine_zone(m, 0), &info) != 0) {
        abort();
    }
    int err = fpr_machine_load(first.data, first.size, &info.policy, mem, &copy, &again, &error);
    if (err && err != -ENOMEM) {
        fprintf(stderr, "what was saved is refused: line %u: %s\n", error.line, error.reason);
        abort();
    }
    if (!err) {
        compare(m, copy);
        save(copy, header, &second);
        if (first.size != second.size || memcmp(first.data, second.data, first.size) != 0) {
            fprintf(stderr, "another text after saving and loading\n");
            abort();
        }
        free(second.data);
        fpr_machine_destroy(copy);
    }
    free(first.data);
}

void fuzz_end_machine(struct fpr_machine *machine, const struct fpr_state_header *header,
                      struct fuzz_memory *memory, size_t bytes)
{
    if (machine) {
        memory->left += bytes;
        fuzz_check_machine(machine, header, &memory->ops);
        fpr_machine_destroy(machine);
        memory->left -= bytes;
    }
    if (memory->left != bytes) {
        abort();
    }
}
