#include "json.h"

#include <math.h>
#include <stdlib.h>

#include "cli.h"

static struct json_object *checked(struct json_object *object)
{
    if (!object) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    return object;
}

struct json_object *bench_json_object(void)
{
    return checked(json_object_new_object());
}

struct json_object *bench_json_array(void)
{
    return checked(json_object_new_array());
}

struct json_object *bench_json_double(double value)
{
    if (!isfinite(value)) {
        return NULL; /* json-c's null */
    }
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) >= value && strtod(text, NULL) <= value) {
            break;
        }
    }
    return checked(json_object_new_double_s(value, text));
}

void bench_json_add(struct json_object *to, const char *key, struct json_object *value)
{
    if (json_object_object_add(to, key, value)) {
        bench_die(BENCH_FAILED, "out of memory");
    }
}

void bench_json_add_u64(struct json_object *to, const char *key, uint64_t value)
{
    bench_json_add(to, key, checked(json_object_new_uint64(value)));
}

void bench_json_add_double(struct json_object *to, const char *key, double value)
{
    bench_json_add(to, key, bench_json_double(value));
}

void bench_json_add_string(struct json_object *to, const char *key, const char *value)
{
    bench_json_add(to, key, checked(json_object_new_string(value)));
}

void bench_json_add_bool(struct json_object *to, const char *key, bool value)
{
    bench_json_add(to, key, checked(json_object_new_boolean(value)));
}

void bench_json_add_null(struct json_object *to, const char *key)
{
    bench_json_add(to, key, NULL);
}

static const char *text_of(struct json_object *object)
{
    const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
                                                                  JSON_C_TO_STRING_NOSLASHESCAPE);
    if (!text) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    return text;
}

void bench_json_write(struct json_object *object, FILE *to)
{
    fputs(text_of(object), to);
    fputc('\n', to);
}

void bench_json_write_in_html(struct json_object *object, FILE *to)
{
    /* '<', '>' and '&' occur in strings only, where \u escapes mean the same. */
    for (const char *c = text_of(object); *c; c++) {
        if (*c == '<' || *c == '>' || *c == '&') {
            fprintf(to, "\\u%04x", (unsigned)*c);
        } else {
            fputc(*c, to);
        }
    }
}
