/* The textbook's red-black tree with a sentinel, in an array: what shapes are compared with. */
#ifndef TESTS_IOVA_RB_H
#define TESTS_IOVA_RB_H

#include <stdbool.h>
#include <stdint.h>

enum { RB_NODES = 512, RB_NIL = 0 };

struct rb_ref {
    struct {
        uint64_t key;
        int left, right, up;
        bool red, used;
    } node[RB_NODES]; /* 0 is the sentinel */
    int root;
};

/* Equal keys: the new one comes first. Returns the node's number. */
int rb_ref_insert(struct rb_ref *t, uint64_t key);
void rb_ref_remove(struct rb_ref *t, int z);
int rb_ref_next(const struct rb_ref *t, int x);

#endif
