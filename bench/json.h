/* Small helpers over json-c: numbers in their shortest exact form, NaN as null. */
#ifndef BENCH_JSON_H
#define BENCH_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* New values; running out of memory ends the program. */
struct json_object *bench_json_object(void);
struct json_object *bench_json_array(void);
struct json_object *bench_json_double(double value);

/* Adds a member. */
void bench_json_add(struct json_object *to, const char *key, struct json_object *value);
void bench_json_add_u64(struct json_object *to, const char *key, uint64_t value);
void bench_json_add_double(struct json_object *to, const char *key, double value);
void bench_json_add_string(struct json_object *to, const char *key, const char *value);
void bench_json_add_bool(struct json_object *to, const char *key, bool value);
void bench_json_add_null(struct json_object *to, const char *key);

/* Writes a document and a newline. */
void bench_json_write(struct json_object *object, FILE *to);
/* Writes it so that it may stand inside a <script> element. */
void bench_json_write_in_html(struct json_object *object, FILE *to);

#endif
