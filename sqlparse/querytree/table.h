/* What a server version prints of each node type. Data: nodes/ (written as C by tables.py). */
#ifndef QUERYTREE_TABLE_H
#define QUERYTREE_TABLE_H

#include "qw/base.h"

enum field_kind { /* tables.py says what each one is */
	FIELD_INT,
	FIELD_UINT,
	FIELD_FLOAT,
	FIELD_CHAR,
	FIELD_BOOL,
	FIELD_STRING,
	FIELD_NODE,
	FIELD_NAMES,
	FIELD_LIST,
	FIELD_INTS,
	FIELD_OIDS,
	FIELD_BITS,
	FIELD_LIST_OR_INTS,
	FIELD_DATUM,
	FIELD_UTILITY,
	FIELD_BOOLOP
};

struct node_field {
	const char *name, *label; /* "relid", " :relid " */
	uint8_t label_n;
	enum field_kind kind;
	uint16_t when; /* printed only if the value v of the node's field `when_field` has the bit 1 << v here; 0: always */
	uint8_t when_field;
};
struct node_type {
	const char *printed, *name;
	uint8_t printed_n;
	const struct node_field *fields;
	uint8_t field_count;
	uint16_t known; /* bits of the values that `known_field` may have; 0: no field is conditional */
	uint8_t known_field;
};
struct node_table {
	unsigned major;
	const struct node_type *types; /* by length of what is printed, then by bytes */
	size_t count;
};
extern const struct node_table node_tables[];
extern const size_t node_table_count;

const struct node_table *qtree_table(unsigned major); /* NULL: unknown version */
const struct node_type *qtree_type(const struct node_table *t, struct qw_bytes printed); /* NULL: unknown type */

#endif
