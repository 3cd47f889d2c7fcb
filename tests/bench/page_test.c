/* Pages and JSON: escaping, exact numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "page/page.h"

static char *text;
static size_t size;

static FILE *open_text(void)
{
    text = NULL;
    FILE *to = open_memstream(&text, &size);
    assert_non_null(to);
    return to;
}

static void closes_to(FILE *to, const char *want)
{
    fclose(to);
    assert_string_equal(text, want);
    free(text);
}

static void test_text_is_escaped(void **state)
{
    (void)state;
    FILE *to = open_text();
    page_text(to, "<b>&\"x\"");
    closes_to(to, "&lt;b&gt;&amp;&quot;x&quot;");
}

static void test_words_become_elements(void **state)
{
    (void)state;
    FILE *to = open_text();
    page_words(to, "One GiB*min.\n    echo 9 > file\n  item\nlast");
    closes_to(to, "<p>One GiB·min.</p>\n<pre><code>echo 9 &gt; file</code></pre>\n"
                  "<p class=item>item</p>\n<p>last</p>\n");
}

static void test_data_cannot_end_the_script(void **state)
{
    (void)state;
    struct json_object *o = bench_json_object();
    bench_json_add_string(o, "path", "</script><!-- & -->");
    FILE *to = open_text();
    bench_json_write_in_html(o, to);
    fclose(to);
    assert_null(strpbrk(text, "<>&"));
    struct json_object *back = json_tokener_parse(text);
    assert_string_equal(json_object_get_string(json_object_object_get(back, "path")),
                        "</script><!-- & -->");
    json_object_put(back);
    json_object_put(o);
    free(text);
}

static void writes(double value, const char *want)
{
    struct json_object *o = bench_json_object();
    bench_json_add_double(o, "x", value);
    FILE *to = open_text();
    bench_json_write(o, to);
    closes_to(to, want);
    json_object_put(o);
}

static void test_numbers_are_short_and_exact(void **state)
{
    (void)state;
    writes(0.1, "{\"x\":0.1}\n");
    writes(1.0, "{\"x\":1}\n");
    writes(1.0 / 3, "{\"x\":0.3333333333333333}\n");
    writes(NAN, "{\"x\":null}\n");
    writes(INFINITY, "{\"x\":null}\n");
}

static void test_a_page_is_whole(void **state)
{
    (void)state;
    struct json_object *o = bench_json_object();
    FILE *to = open_text();
    page_begin(to, "A & B");
    page_chart_host(to, NULL);
    page_end(to, o);
    fclose(to);
    assert_non_null(strstr(text, "<title>A &amp; B</title>"));
    assert_non_null(strstr(text, "</html>"));
    assert_null(strstr(text, "src=\"http"));
    if (page_has_charts()) {
        assert_non_null(strstr(text, "Chart.js v"));
        assert_non_null(strstr(text, "<canvas id=host"));
    } else {
        assert_non_null(strstr(text, "no picture"));
    }
    json_object_put(o);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_escaped),
        cmocka_unit_test(test_words_become_elements),
        cmocka_unit_test(test_data_cannot_end_the_script),
        cmocka_unit_test(test_numbers_are_short_and_exact),
        cmocka_unit_test(test_a_page_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
