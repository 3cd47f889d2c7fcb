#include "support/iova_rb.h"

#define N(x) t->node[x]

static void rotate_left(struct rb_ref *t, int x)
{
    int y = N(x).right;
    N(x).right = N(y).left;
    if (N(y).left != RB_NIL)
        N(N(y).left).up = x;
    N(y).up = N(x).up;
    if (N(x).up == RB_NIL)
        t->root = y;
    else if (N(N(x).up).left == x)
        N(N(x).up).left = y;
    else
        N(N(x).up).right = y;
    N(y).left = x;
    N(x).up = y;
}

static void rotate_right(struct rb_ref *t, int x)
{
    int y = N(x).left;
    N(x).left = N(y).right;
    if (N(y).right != RB_NIL)
        N(N(y).right).up = x;
    N(y).up = N(x).up;
    if (N(x).up == RB_NIL)
        t->root = y;
    else if (N(N(x).up).right == x)
        N(N(x).up).right = y;
    else
        N(N(x).up).left = y;
    N(y).right = x;
    N(x).up = y;
}

static void insert_fixup(struct rb_ref *t, int z)
{
    while (N(N(z).up).red) {
        int p = N(z).up, g = N(p).up;
        if (p == N(g).left) {
            int y = N(g).right;
            if (N(y).red) {
                N(p).red = N(y).red = false;
                N(g).red = true;
                z = g;
            } else {
                if (z == N(p).right) {
                    z = p;
                    rotate_left(t, z);
                }
                N(N(z).up).red = false;
                N(g).red = true;
                rotate_right(t, g);
            }
        } else {
            int y = N(g).left;
            if (N(y).red) {
                N(p).red = N(y).red = false;
                N(g).red = true;
                z = g;
            } else {
                if (z == N(p).left) {
                    z = p;
                    rotate_right(t, z);
                }
                N(N(z).up).red = false;
                N(g).red = true;
                rotate_left(t, g);
            }
        }
    }
    N(t->root).red = false;
}

int rb_ref_insert(struct rb_ref *t, uint64_t key)
{
    int z = 1, y = RB_NIL;
    while (N(z).used)
        z++;
    for (int x = t->root; x != RB_NIL;) {
        y = x;
        x = key <= N(x).key ? N(x).left : N(x).right;
    }
    N(z).key = key;
    N(z).used = N(z).red = true;
    N(z).left = N(z).right = RB_NIL;
    N(z).up = y;
    if (y == RB_NIL)
        t->root = z;
    else if (key <= N(y).key)
        N(y).left = z;
    else
        N(y).right = z;
    insert_fixup(t, z);
    return z;
}

static void transplant(struct rb_ref *t, int u, int v)
{
    if (N(u).up == RB_NIL)
        t->root = v;
    else if (u == N(N(u).up).left)
        N(N(u).up).left = v;
    else
        N(N(u).up).right = v;
    N(v).up = N(u).up; /* the sentinel's too */
}

/* One turn with x on the left of its parent. Returns the next x. */
static int fixup_left(struct rb_ref *t, int x)
{
    int w = N(N(x).up).right;
    if (N(w).red) {
        N(w).red = false;
        N(N(x).up).red = true;
        rotate_left(t, N(x).up);
        w = N(N(x).up).right;
    }
    if (!N(N(w).left).red && !N(N(w).right).red) {
        N(w).red = true;
        return N(x).up;
    }
    if (!N(N(w).right).red) {
        N(N(w).left).red = false;
        N(w).red = true;
        rotate_right(t, w);
        w = N(N(x).up).right;
    }
    N(w).red = N(N(x).up).red;
    N(N(x).up).red = false;
    N(N(w).right).red = false;
    rotate_left(t, N(x).up);
    return t->root;
}

static int fixup_right(struct rb_ref *t, int x)
{
    int w = N(N(x).up).left;
    if (N(w).red) {
        N(w).red = false;
        N(N(x).up).red = true;
        rotate_right(t, N(x).up);
        w = N(N(x).up).left;
    }
    if (!N(N(w).left).red && !N(N(w).right).red) {
        N(w).red = true;
        return N(x).up;
    }
    if (!N(N(w).left).red) {
        N(N(w).right).red = false;
        N(w).red = true;
        rotate_left(t, w);
        w = N(N(x).up).left;
    }
    N(w).red = N(N(x).up).red;
    N(N(x).up).red = false;
    N(N(w).left).red = false;
    rotate_right(t, N(x).up);
    return t->root;
}

void rb_ref_remove(struct rb_ref *t, int z)
{
    int y = z, x;
    bool was_red = N(y).red;
    if (N(z).left == RB_NIL) {
        x = N(z).right;
        transplant(t, z, x);
    } else if (N(z).right == RB_NIL) {
        x = N(z).left;
        transplant(t, z, x);
    } else {
        y = N(z).right;
        while (N(y).left != RB_NIL)
            y = N(y).left;
        was_red = N(y).red;
        x = N(y).right;
        if (N(y).up == z) {
            N(x).up = y;
        } else {
            transplant(t, y, x);
            N(y).right = N(z).right;
            N(N(y).right).up = y;
        }
        transplant(t, z, y);
        N(y).left = N(z).left;
        N(N(y).left).up = y;
        N(y).red = N(z).red;
    }
    N(z).used = false;
    if (was_red)
        return;
    while (x != t->root && !N(x).red)
        x = x == N(N(x).up).left ? fixup_left(t, x) : fixup_right(t, x);
    N(x).red = false;
}

int rb_ref_next(const struct rb_ref *t, int x)
{
    if (N(x).right != RB_NIL) {
        x = N(x).right;
        while (N(x).left != RB_NIL)
            x = N(x).left;
        return x;
    }
    int y = N(x).up;
    while (y != RB_NIL && x == N(y).right) {
        x = y;
        y = N(y).up;
    }
    return y;
}
