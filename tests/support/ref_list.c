/* The reference model's lists: arrays, searched and shifted. */
#include "support/ref.h"

#include <stdlib.h>
#include <string.h>

void ref_list_insert(struct ref_list *l, size_t at, fpr_pfn pfn)
{
    if (l->n == l->room) {
        l->room = l->room ? 2 * l->room : 8;
        l->pfn = realloc(l->pfn, l->room * sizeof *l->pfn);
        if (!l->pfn)
            abort();
    }
    memmove(l->pfn + at + 1, l->pfn + at, (l->n - at) * sizeof *l->pfn);
    l->pfn[at] = pfn;
    l->n++;
}

void ref_list_add(struct ref_list *l, fpr_pfn pfn, bool tail)
{
    ref_list_insert(l, tail ? l->n : 0, pfn);
}

size_t ref_list_find(const struct ref_list *l, fpr_pfn pfn)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->pfn[i] == pfn)
            return i;
    return l->n;
}

void ref_list_remove_at(struct ref_list *l, size_t at)
{
    if (at >= l->n)
        abort();
    l->n--;
    memmove(l->pfn + at, l->pfn + at + 1, (l->n - at) * sizeof *l->pfn);
}

/* Makes entry `first` the head; what stood before it goes, in order, to the tail. */
void ref_list_rotate(struct ref_list *l, size_t first)
{
    while (first-- > 0) {
        fpr_pfn head = l->pfn[0];

        ref_list_remove_at(l, 0);
        ref_list_add(l, head, true);
    }
}

void ref_list_clear(struct ref_list *l)
{
    free(l->pfn);
    memset(l, 0, sizeof *l);
}
