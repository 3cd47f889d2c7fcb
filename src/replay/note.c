#include "replay/note.h"

#include <stdlib.h>
#include <string.h>

static bool grow(struct note_table *table, size_t chunk)
{
    size_t n = table->nr_chunks ? table->nr_chunks : 64;
    while (n <= chunk)
        n *= 2;
    struct note **p = realloc(table->chunks, n * sizeof(struct note *));
    if (!p)
        return false;
    memset(p + table->nr_chunks, 0, (n - table->nr_chunks) * sizeof(struct note *));
    table->chunks = p;
    table->nr_chunks = n;
    return true;
}

struct note *fpr_note_get(struct note_table *table, uint32_t pfn)
{
    size_t chunk = pfn >> NOTE_SHIFT;
    if (chunk >= table->nr_chunks && !grow(table, chunk))
        return NULL;
    if (!table->chunks[chunk]) {
        size_t bytes = sizeof(struct note) << NOTE_SHIFT;
        table->chunks[chunk] = malloc(bytes);
        /* analyzer: malloc-leak; it is in the table */
        if (!table->chunks[chunk])
            return NULL;
        memset(table->chunks[chunk], 0xff, bytes); /* NONE32 everywhere */
    }
    return &table->chunks[chunk][pfn & ((1u << NOTE_SHIFT) - 1)];
}

void fpr_note_table_free(struct note_table *table)
{
    for (size_t i = 0; i < table->nr_chunks; i++)
        free(table->chunks[i]);
    free(table->chunks);
    *table = (struct note_table){0};
}
