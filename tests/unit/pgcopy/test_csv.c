#include "copy.h"

static void test_cells(void **state)
{
	struct pgcopy_options one = options_of(PGCOPY_CSV, 1), three = options_of(PGCOPY_CSV, 3);

	(void)state;
	expect_rows(&three, QW_LIT("1,ann,x\n,,\n\"\",,\"\"\n"), "1,ann,x;~,~,~;,~,;");
	expect_rows(&three, QW_LIT("\"a,b\",\"say \"\"hi\"\"\",\"\"\"\"\n"), "a,b,say \"hi\",\";");
	expect_rows(&three, QW_LIT("\"line\nline\r\n\",\\n, \\N \n"), "line\nline\r\n,\\n, \\N ;");
	expect_rows(&one, QW_LIT("\n\"\"\n\"\n\n\"\n\"\\.\"\n"), "~;;\n\n;\\.;");
	expect_rows(&three, QW_LIT("\\.,\\.,x\n\"123456789\",12345678,\"1234567\"\n"), "\\.,\\.,x;123456789,12345678,1234567;");
	expect_rows(&three, QW_LIT("\x01,\"\x1f\t\",\xe2\x82\xac\n"), "\x01,\x1f\t,\xe2\x82\xac;");
}

static void test_options(void **state)
{
	struct pgcopy_options o = options_of(PGCOPY_CSV, 2);

	(void)state;
	o.null_text = "NULL";
	o.header = true;
	expect_rows(&o, QW_LIT("a,\"b,\"\nNULL,\"NULL\"\n,\"\"\n"), "#a,b,;~,NULL;,;");
	o.escape = '\\';
	expect_rows(&o, QW_LIT("a,b\n\"\\\"\\\\\",\\\nNULL,\"\"\n"), "#a,b;\"\\,\\;~,;");
	o = options_of(PGCOPY_CSV, 2);
	o.quote = '\'';
	expect_rows(&o, QW_LIT("'it''s',\"\n"), "it's,\";");
	o.delimiter = '"';
	o.escape = '"'; /* the delimiter escapes: the server takes it */
	expect_rows(&o, QW_LIT("'it\"'s'\"'a\"\"b'\n"), "it's,a\"b;");
	o = options_of(PGCOPY_CSV, 2);
	o.quote = '\x01';
	o.delimiter = '\x02';
	expect_rows(&o, QW_LIT("a,\"b\x02\x01\n\x01\x01\x01\n"), "a,\"b,\n\x01;");
	o = options_of(PGCOPY_CSV, 1);
	o.null_text = "\\.";
	expect_rows(&o, QW_LIT("\\.\n\"\\.\"\n"), "~;\\.;");
	o = options_of(PGCOPY_CSV, 0);
	o.header = true;
	expect_rows(&o, QW_LIT("\n\n"), "#;;");
}

static void test_malformed(void **state)
{
	struct pgcopy_options one = options_of(PGCOPY_CSV, 1), two = options_of(PGCOPY_CSV, 2);

	(void)state;
	expect_malformed(&two, QW_LIT("a\n"));
	expect_malformed(&two, QW_LIT("\"a,b\"\n"));
	expect_malformed(&two, QW_LIT("a,b,c\n"));
	expect_malformed(&two, QW_LIT("a,b"));
	expect_malformed(&two, QW_LIT("a,\"b"));
	expect_malformed(&two, QW_LIT("a,\"b\n"));
	expect_malformed(&two, QW_LIT("a,\"b\""));
	expect_malformed(&two, QW_LIT("a,\"b\"c\n"));
	expect_malformed(&two, QW_LIT("a,\"b\" \n"));
	expect_malformed(&two, QW_LIT("a,\"b\"\r\n"));
	expect_malformed(&two, QW_LIT("a,b\"c\"\n"));
	expect_malformed(&two, QW_LIT("a,b\"\n"));
	expect_malformed(&two, QW_LIT("a, \"b\"\n"));
	expect_malformed(&two, QW_LIT("a,b\r\n"));
	expect_malformed(&two, QW_LIT("a,b\0\n"));
	expect_malformed(&two, QW_LIT("a,\"b\0\"\n"));
	expect_malformed(&two, QW_LIT("\"a\"\0,b\n"));
	expect_malformed(&one, QW_LIT("\\.\n"));
	expect_malformed(&one, QW_LIT("a\n\\.\n"));
	two.escape = '\\';
	expect_malformed(&two, QW_LIT("a,\"b\"\"c\"\n"));
	expect_malformed(&two, QW_LIT("a,\"b\\c\"\n"));
	expect_malformed(&two, QW_LIT("a,\"b\\"));
	expect_malformed(&two, QW_LIT("\"a\\,b\n"));
	expect_malformed(&two, QW_LIT("a,\"b\\\"\n"));
	two.header = true;
	expect_malformed(&two, QW_LIT(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
