/* Stored rules, read for what they select of system catalogs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

static void expect(const char *action, bool perminfos, const char *depends)
{
	struct catalog_builder *b = catalog_builder_new(1);
	const struct catalog_relation *r;
	struct catalog *c;
	char text[500] = "";
	size_t n = 0;

	assert_int_equal(catalog_add_relation(b, 20000, "public", "v", CATALOG_VIEW), 0);
	assert_int_equal(upstream_pinned_depends(20000, action, perminfos, b), 0);
	c = catalog_builder_finish(b);
	assert_non_null(c);
	r = catalog_find(c, 20000);
	for (size_t i = 0; i < r->depend_count; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%u.%d ", r->depends[i].relation_oid, r->depends[i].attnum);
	assert_string_equal(text, depends);
	catalog_unref(c);
}

static void test_rules(void **state)
{
	(void)state;
	expect("", false, "");
	expect("{RANGETBLENTRY :relid 1260 :relkind r :selectedCols (b 8 9 13) :x}", false, "1260.1 1260.2 1260.6 ");
	expect("{RANGETBLENTRY :relid 1260 :selectedCols (b)}{RANGETBLENTRY :relid 1259 :selectedCols (b 7)}", false, "1259.0 ");
	expect("{RANGETBLENTRY :relid 1260 :selectedCols (b 6)}", false, "1260.-1 ");
	/* ordinary relations are in pg_depend */
	expect("{RANGETBLENTRY :relid 16385 :selectedCols (b 8)}{RANGETBLENTRY :relid 1260 :selectedCols (b 8)}", false, "1260.1 ");
	expect("{RANGETBLENTRY :relid 20000 :selectedCols (b 8)}", false, "");
	/* nothing said: the whole relation; from 16 on it is said in a permission entry */
	expect("{RANGETBLENTRY :relid 1260 :x}", false, "1260.0 ");
	expect("{RANGETBLENTRY :relid 1260 :x}{RTEPERMISSIONINFO :relid 1260 :selectedCols (b 10)}", true, "1260.3 ");
	/* names cannot imitate the keywords: blanks in them are escaped */
	expect("{ALIAS :aliasname a:relid\\ 1260 :selectedCols\\ (b\\ 8)}", false, "");
}

static void test_garbage(void **state)
{
	struct catalog_builder *b = catalog_builder_new(1);

	(void)state;
	assert_int_equal(catalog_add_relation(b, 20000, "public", "v", CATALOG_VIEW), 0);
	assert_int_equal(upstream_pinned_depends(20000, ":relid 1260 :selectedCols (b 8 x)", false, b), QW_E_MALFORMED);
	assert_int_equal(upstream_pinned_depends(20000, ":relid 1260 :selectedCols (b 99999999999)", false, b), QW_E_MALFORMED);
	assert_int_equal(upstream_pinned_depends(20000, ":relid 1260 :selectedCols (b -8)", false, b), QW_E_MALFORMED);
	assert_int_equal(upstream_pinned_depends(20000, ":relid ", false, b), 0);
	assert_int_equal(upstream_pinned_depends(20001, ":relid 1 :selectedCols (b 8)", false, b), QW_E_NOTFOUND);
	catalog_builder_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
