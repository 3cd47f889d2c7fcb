/* Deliberate mistakes, for the test that shows that golden files would notice them. A rule that
 * has one asks FPR_MUTANT(NAME), which is the constant 0 in every build but that test's. */
#ifndef BASE_MUTANT_H
#define BASE_MUTANT_H

/* Every mistake: X(name, what is wrong). */
#define FPR_MUTANT_LIST(X)                                                                         \
    X(PUTBACK_TAIL, "put-back always to the tail (5.10)")                                          \
    X(PUTBACK_HEAD, "put-back always to the head")                                                 \
    X(PUTBACK_RULE, "put-back by the ordinary rule (v16)")                                         \
    X(PUTBACK_NOMERGE, "put-back does not merge")                                                  \
    X(PUTBACK_NOTIFY, "put-back notifies")                                                         \
    X(DRAIN_ORDER, "put-back in the order of isolation")                                           \
    X(FLAG_ERR, "the blocks of a failed batch are flagged")                                        \
    X(NO_FLAG, "reported blocks are not flagged")                                                  \
    X(ERR_GOES_ON, "an error does not end the pass")                                               \
    X(BUDGET_MINUS, "budget one less")                                                             \
    X(BUDGET_PLUS, "budget one more")                                                              \
    X(BUDGET_FLOOR, "budget rounded down")                                                         \
    X(BUDGET_LIST, "budget from this list's length, not from nr_free of the order")                \
    X(NO_BUDGET, "no budget")                                                                      \
    X(NO_REQUEST, "running out of budget requests no other pass")                                  \
    X(NO_CB_REQUEST, "a notification during a pass requests nothing")                              \
    X(NO_ROT_FULL, "no rotation before a full batch")                                              \
    X(NO_ROT_END, "no rotation on leaving a list")                                                 \
    X(CARRY, "a partial batch is reported before the next list")                                   \
    X(EAGER, "a batch is reported as soon as it is full")                                          \
    X(LEVEL_P7, "patch 4 does what patch 7 does")                                                  \
    X(NO_HIA_LIST, "a pass skips the high-atomic lists")                                           \
    X(ORDER_DESC, "a pass starts at the largest order")                                            \
    X(PASS_WM, "a pass ignores the low watermark")                                                 \
    X(PASS_BOOST, "the watermark of a pass leaves the boost out")                                  \
    X(ISO_WM, "isolation ignores the min watermark")                                               \
    X(ISO_BOOST, "isolation adds the boost to the min watermark")                                  \
    X(ISO_PB, "isolation does not turn pageblocks movable")                                        \
    X(ISO_HALF, "isolation turns only whole pageblocks movable")                                   \
    X(ISO_REST, "6.12: isolation leaves the rest of the pageblock where it is")                    \
    X(MERGE_LIKELY, "the next order's free buddy does not send a block to the tail")               \
    X(MERGE_LIKELY_ALL, "that rule holds at the second largest order, too")                        \
    X(MERGE_HIA, "v16: high-atomic pageblocks do not merge with others (5.18)")                    \
    X(MERGE_TYPE, "merging needs equal types at and above the pageblock order")                    \
    X(MERGE_CONVERT, "6.12: a merge leaves the buddy's pageblocks their type")                     \
    X(NOTIFY_UNMERGED, "a free notifies by its own order, not by the merged one")                  \
    X(MOVE_END, "moves between lists go to the other end")                                         \
    X(MOVE_CLEARS, "a move between lists clears the Reported flag")                                \
    X(EXPAND_TAIL, "remainders of a split go to the tail")                                         \
    X(FB_ORDER, "the two fallback types swapped")                                                  \
    X(STEAL_SMALL, "a movable request never looks for the smallest victim")                        \
    X(STEAL_CLAIM, "stealing never converts a pageblock")                                          \
    X(STEAL_WHOLE, "stealing never takes the rest of the pageblock")                               \
    X(STEAL_PB, "victims of pageblock order and more leave the types")                             \
    X(STEAL_THRESHOLD, "half a pageblock and one page is needed to convert it")                    \
    X(STEAL_DIRECT, "a whole pageblock is needed to convert it")                                   \
    X(CLAIM_STOP, "6.12: a movable request looks on for pageblocks to claim in small orders")      \
    X(STEAL_REST, "6.12: what is left of a stolen block goes to the new type's lists")             \
    X(HIA_STEAL, "a victim in a high-atomic pageblock is stolen like any")                         \
    X(EDGE_MOVE, "a pageblock cut by the zone's end moves like a whole one")                       \
    X(EDGE_START, "one cut by the zone's start moves from the zone's first page")                  \
    X(LRU, "no allocated page counts as movable")                                                  \
    X(BOOST, "stealing does not boost the watermarks")                                             \
    X(BOOST_MAX, "the boost has no limit")                                                         \
    X(HIA_NONE, "no high-atomic reserve")                                                          \
    X(HIA_BOTH, "v16: an order-10 block reserves both its pageblocks (6.12)")                      \
    X(HIA_LIMIT, "no limit to the high-atomic reserve")                                            \
    X(HIA_WITHHELD, "6.12: the whole reserve is withheld, not only its free part")                 \
    X(WM_FAST, "v16: the order-0 shortcut subtracts the reserve (5.9)")                            \
    X(WM_NO_FAST, "v16: no order-0 shortcut")                                                      \
    X(WM_HIGH, "HIGH does not lower the mark")                                                     \
    X(WM_HARDER, "ATOMIC takes half of the mark instead of a quarter")                             \
    X(WM_LOW, "the first attempt goes down to the min watermark")                                  \
    X(NOFRAG, "nofragment ignored")                                                                \
    X(NOFRAG_ALWAYS, "nofragment always on")                                                       \
    X(PCP_TAIL, "per-cpu frees to the tail")                                                       \
    X(PCP_BATCH, "a refill takes one block")                                                       \
    X(PCP_RR, "v16: a bulk free empties list after list")                                          \
    X(PCP_FIRST, "v16: a bulk free starts with type 0")                                            \
    X(PCP_NRESET, "v16: a bulk free's run starts anew when a list is empty")                       \
    X(PCP_MT, "drained pages use their pageblock's type, not the remembered one")                  \
    X(PCP_HIGH, "a bulk free only above high")                                                     \
    X(PCP_HIA, "a high-atomic page is remembered as movable")                                      \
    X(PCP_FACTOR, "6.1: frees in a row do not make the drain grow")                                \
    X(PCP_HALVE, "6.1: a request does not halve the drain")                                        \
    X(PCP_FLUSH, "6.1: high-order frees in a row keep their blocks")                               \
    X(SHUF_POL, "shuffle bit 1 means head (before the series)")                                    \
    X(SHUF_ALL, "blocks of the second largest order are shuffled, too")

#ifdef FPR_MUTANTS
enum fpr_mutant {
    FPR_MUTANT_NONE,
#define FPR_X(name, text) FPR_MUTANT_##name,
    FPR_MUTANT_LIST(FPR_X)
#undef FPR_X
        FPR_NR_MUTANTS
};
/* The test's: which mistake is made. */
extern enum fpr_mutant fpr_mutant;
#define FPR_MUTANT(name) (fpr_mutant == FPR_MUTANT_##name)
#else
#define FPR_MUTANT(name) 0
#endif

#endif
