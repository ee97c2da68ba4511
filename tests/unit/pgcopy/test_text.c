#include "copy.h"

static void test_cells(void **state)
{
	struct pgcopy_options one = options_of(PGCOPY_TEXT, 1), three = options_of(PGCOPY_TEXT, 3);

	(void)state;
	expect_rows(&three, QW_LIT("1\tann\tx\n2\t\t\n\\N\tbob\t\\N\n"), "1,ann,x;2,,;~,bob,~;");
	expect_rows(&three, QW_LIT(""), "");
	expect_rows(&one, QW_LIT("\n\n"), ";;");
	expect_rows(&one, QW_LIT("\\N\n\\\\N\nN\n\\N\\N\n"), "~;\\N;N;NN;");
	expect_rows(&one, QW_LIT("na\xc3\xafve \xe2\x82\xac\xf0\x9f\x90\x98\n"), "na\xc3\xafve \xe2\x82\xac\xf0\x9f\x90\x98;");
	expect_rows(&three, QW_LIT("\x01\x1f\x7f\t1234567\t12345678\n123456789\t\x80\xff\t\x1b[0m\n"),
		"\x01\x1f\x7f,1234567,12345678;123456789,\x80\xff,\x1b[0m;");
}

static void test_escapes(void **state)
{
	struct pgcopy_options one = options_of(PGCOPY_TEXT, 1), two = options_of(PGCOPY_TEXT, 2);

	(void)state;
	expect_rows(&one, QW_LIT("\\b\\f\\n\\r\\t\\v\n"), "\b\f\n\r\t\v;");
	expect_rows(&one, QW_LIT("\\\\\n\\\\\\\\n\n\\\\n\n"), "\\;\\\\n;\\n;");
	expect_rows(&one, QW_LIT("\\1\\12\\123\\1234\\777\\8\n"), "\1\12\123\1234\377"
								   "8;");
	expect_rows(&one, QW_LIT("\\x4\\x41\\x4aB\\x4Ag\\xg\\x\n"), "\4A\x4a"
								       "BJgxgx;");
	expect_rows(&one, QW_LIT("\\a\\q\\-\\\xc3\xa9\n"), "aq-\xc3\xa9;");
	expect_rows(&two, QW_LIT("a\\\tb\tc\n"), "a\tb,c;"); /* an escaped delimiter */
}

static void test_options(void **state)
{
	struct pgcopy_options o = options_of(PGCOPY_TEXT, 2);

	(void)state;
	o.delimiter = '|';
	o.null_text = "NULL";
	expect_rows(&o, QW_LIT("a\tb|c\\|d\nNULL|\\NULL\n"), "a\tb,c|d;NULL,NULL;"); /* see test_null_text */
	o.null_text = "\\-";
	o.header = true;
	expect_rows(&o, QW_LIT("id|\\-\n\\-|-\n\\\\-|x\n"), "#id,~;~,-;\\-,x;");
	o.delimiter = '\x01';
	expect_rows(&o, QW_LIT("a\x01"
			       "b\nc\\\x01"
			       "d\x01\\-\n"),
		"#a,b;c\x01"
		"d,~;");
	o = options_of(PGCOPY_TEXT, 1);
	o.null_text = "\\.";
	expect_rows(&o, QW_LIT("\\.\n.\n"), "~;.;");
	o = options_of(PGCOPY_TEXT, 0);
	expect_rows(&o, QW_LIT("\n\n"), ";;");
	o.header = true;
	expect_rows(&o, QW_LIT("\n\n"), "#;;");
}

/* Where a value can look like the NULL text, the cell is a value: else a masked column could be guessed with NULL 'guess'. */
static void test_null_text(void **state)
{
	static const struct {
		const char *text, *stream, *want;
	} cases[] = {
		{"", "\n", ";"}, {"x", "x\n", "x;"}, {"\\t", "\\t\n", "\t;"}, {"123-45-6789", "123-45-6789\n", "123-45-6789;"},
		{"a\\\\b", "a\\\\b\n", "a\\b;"}, {"\\N", "\\N\n", "~;"}, {"\\n", "\\n\n", "\n;"},
		/* No value is written so, therefore these are NULL and nothing else. */
		{"\\x", "\\x\n", "~;"}, {"\\0", "\\0\n", "~;"}, {"\\x09", "\\x09\n", "~;"}, {"\\011", "\\011\n", "~;"},
		{"a\\b\\q", "a\\b\\q\n", "~;"},
	};
	struct pgcopy_options o = options_of(PGCOPY_TEXT, 1);

	(void)state;
	for (size_t i = 0; i < QW_COUNT(cases); i++) {
		o.null_text = cases[i].text;
		expect_rows(&o, qw_bytes_from(cases[i].stream), cases[i].want);
	}
}

static void test_malformed(void **state)
{
	struct pgcopy_options two = options_of(PGCOPY_TEXT, 2), none = options_of(PGCOPY_TEXT, 0);
	struct pgcopy_options one = options_of(PGCOPY_TEXT, 1);

	(void)state;
	expect_malformed(&one, QW_LIT("a\\\\\\nb\\\\\\\nc\n"));
	expect_malformed(&one, QW_LIT("a\\\nb\n"));
	expect_malformed(&two, QW_LIT("a\n"));
	expect_malformed(&two, QW_LIT("a\tb\tc\n"));
	expect_malformed(&two, QW_LIT("a\tb\tc\td\te\n"));
	expect_malformed(&two, QW_LIT("\n"));
	expect_malformed(&two, QW_LIT("a\tb"));
	expect_malformed(&two, QW_LIT("a\tb\nc"));
	expect_malformed(&two, QW_LIT("a\tb\\"));
	expect_malformed(&two, QW_LIT("a\tb\\\nc\td\n")); /* COPY FROM goes on behind an escaped line's end */
	expect_malformed(&two, QW_LIT("a\tb\\\r\n"));
	expect_malformed(&two, QW_LIT("a\tb\r\n"));
	expect_malformed(&two, QW_LIT("a\rb\tc\n"));
	expect_malformed(&two, QW_LIT("a\0b\tc\n"));
	expect_malformed(&two, QW_LIT("a\\\0b\tc\n"));
	expect_malformed(&two, QW_LIT("a\\0\tc\n"));
	expect_malformed(&two, QW_LIT("a\tc\\x00\n"));
	expect_malformed(&two, QW_LIT("a\tc\\400\n")); /* 256 is 0 */
	expect_malformed(&two, QW_LIT("\\.\n"));
	expect_malformed(&two, QW_LIT("a\tb\n\\.\n"));
	expect_malformed(&two, QW_LIT("a\tb\\.\n"));
	expect_malformed(&none, QW_LIT("a\n"));
	expect_malformed(&none, QW_LIT("\t\n"));
	two.header = true;
	expect_malformed(&two, QW_LIT(""));
	expect_malformed(&two, QW_LIT("id\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_null_text),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
