/* What is known of PostgreSQL's own functions, by OID and by name. */
#include "../../support/cmocka_qw.h"

#include "qw/functions.h"

static const char *name_of(unsigned major, uint32_t oid)
{
	const struct functions_entry *e = functions_by_oid(major, oid);

	return e ? e->name : "-";
}

static bool is_plain(unsigned major, uint32_t oid)
{
	return functions_is_plain(functions_by_oid(major, oid));
}

static void test_oids(void **state)
{
	(void)state;
	assert_string_equal(name_of(15, 870), "lower");
	assert_string_equal(functions_by_oid(15, 870)->args, "text");
	assert_true(is_plain(15, 870));
	for (unsigned major = 13; major <= 18; major++) {
		assert_true(is_plain(major, 870));
		assert_false(is_plain(major, 2626)); /* pg_sleep */
		assert_false(is_plain(major, 1574)); /* nextval */
		assert_false(is_plain(major, 2923)); /* table_to_xml: STABLE, and reads any table */
		assert_false(is_plain(major, 1641)); /* pg_get_viewdef */
	}
	/* one number, two functions */
	assert_string_equal(name_of(14, 3813), "pg_is_in_backup");
	assert_string_equal(name_of(16, 3813), "-");
	assert_string_equal(name_of(17, 3813), "xmltext");
	assert_false(is_plain(14, 3813));
	assert_true(is_plain(17, 3813));
	/* of no version that we know */
	assert_string_equal(name_of(12, 870), "-");
	assert_string_equal(name_of(19, 870), "-");
	assert_string_equal(name_of(0, 870), "-");
	assert_string_equal(name_of(15, 0), "-");
	assert_string_equal(name_of(15, 16384), "-");
	assert_string_equal(name_of(15, UINT32_MAX), "-");
	assert_false(functions_is_plain(NULL));
}

static void test_classes(void **state)
{
	(void)state;
	assert_int_equal(functions_by_oid(15, 3155)->class, FUNCTIONS_PROPAGATE); /* row_to_json */
	assert_true(is_plain(15, 3155));
	assert_int_equal(functions_by_oid(15, 1067)->class, FUNCTIONS_LIMIT); /* generate_series */
	assert_false(is_plain(15, 1067));
	assert_int_equal(functions_by_oid(15, 1644)->class, FUNCTIONS_DENY); /* RI_FKey_check_ins: cannot be called */
	/* Their argument is the number or name of a type: its input, unseen in any tree, may run a domain's CHECK. */
	assert_false(is_plain(15, 2597)); /* domain_in */
	assert_false(is_plain(15, 750)); /* array_in */
	assert_false(is_plain(16, 6210)); /* pg_input_is_valid */
	assert_false(is_plain(16, 6211)); /* pg_input_error_info */
}

static void test_names(void **state)
{
	const struct functions_entry *e = functions_first_named("substring");
	size_t n = 0;

	(void)state;
	for (; e; e = functions_next_named(e)) {
		assert_string_equal(e->name, "substring");
		n++;
	}
	assert_true(n >= 8);
	assert_null(functions_first_named("made_up"));
	assert_null(functions_first_named(""));
	assert_true(functions_all_plain(15, "lower"));
	assert_true(functions_all_plain(18, "uuidv7"));
	assert_false(functions_all_plain(15, "uuidv7"));
	assert_false(functions_all_plain(15, "pg_read_file"));
	assert_false(functions_all_plain(15, "repeat"));
	assert_false(functions_all_plain(15, "made_up"));
	assert_false(functions_all_plain(99, "lower"));
	assert_true(functions_all_plain(15, "count"));
}

static void test_made_by_scripts(void **state)
{
	const struct functions_entry *e;

	(void)state;
	e = functions_by_name(15, "information_schema", "_pg_char_max_length", "oid, integer");
	assert_non_null(e);
	assert_int_equal(e->oid, 0);
	assert_true(functions_is_plain(e));
	assert_null(functions_by_name(15, "public", "_pg_char_max_length", "oid, integer"));
	assert_null(functions_by_name(15, "information_schema", "_pg_char_max_length", "oid"));
	assert_null(functions_by_name(19, "information_schema", "_pg_char_max_length", "oid, integer"));
	assert_null(functions_by_name(15, "pg_catalog", "lower", "text")); /* that one is known by its number */
	e = functions_by_name(13, "pg_catalog", "plpgsql_validator", "oid");
	assert_non_null(e);
	assert_false(functions_is_plain(e));
}

static void test_bits(void **state)
{
	const char *const *names = functions_bit_names();
	uint32_t bits = functions_bits_of("pg_read_file");
	size_t classes = 0;

	(void)state;
	assert_int_equal(functions_bits_of("made_up"), 0);
	assert_int_equal(functions_class_mask(), 31);
	for (size_t i = 0; names[i]; i++) {
		if (!(bits >> i & 1))
			continue;
		assert_true(strcmp(names[i], "deny") == 0 || strcmp(names[i], "file") == 0);
		classes++;
	}
	assert_int_equal(classes, 2);
}

static void test_checksums(void **state)
{
	(void)state;
	for (unsigned major = 13; major <= 18; major++)
		assert_int_equal(strlen(functions_checksum(major)), 64);
	assert_string_not_equal(functions_checksum(13), functions_checksum(14));
	assert_null(functions_checksum(12));
	assert_null(functions_checksum(19));
	assert_non_null(strstr(functions_pin_sql(), "p.prosrc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oids),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_made_by_scripts),
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_checksums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
