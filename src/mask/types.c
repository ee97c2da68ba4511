#include "room.h"

/*
 * The server's built-in types (src/include/catalog/pg_type.dat; their OIDs never change). A type
 * that is not here (enum, composite, extension, geometry, network, text search ...) has no constant
 * that is always legal: NULL.
 */
#define TYPES(X) \
	X(16, 1000, BOOL) \
	X(17, 1001, BYTEA) \
	X(18, 1002, CHAR) \
	X(19, 1003, NAME) \
	X(20, 1016, INT8) \
	X(21, 1005, INT2) \
	X(23, 1007, INT4) \
	X(25, 1009, TEXT) \
	X(26, 1028, OID) \
	X(114, 199, JSON) \
	X(142, 143, XML) \
	X(700, 1021, FLOAT4) \
	X(701, 1022, FLOAT8) \
	X(790, 791, MONEY) \
	X(1042, 1014, BPCHAR) \
	X(1043, 1015, VARCHAR) \
	X(1082, 1182, DATE) \
	X(1083, 1183, TIME) \
	X(1114, 1115, TIMESTAMP) \
	X(1184, 1185, TIMESTAMPTZ) \
	X(1186, 1187, INTERVAL) \
	X(1266, 1270, TIMETZ) \
	X(1700, 1231, NUMERIC) \
	X(2950, 2951, UUID) \
	X(3802, 3807, JSONB) \
	X(3904, 3905, RANGE) /* int4range */ \
	X(3906, 3907, RANGE) /* numrange */ \
	X(3908, 3909, RANGE) /* tsrange */ \
	X(3910, 3911, RANGE) /* tstzrange */ \
	X(3912, 3913, RANGE) /* daterange */ \
	X(3926, 3927, RANGE) /* int8range */ \
	X(4451, 6150, MULTIRANGE) /* the same order */ \
	X(4532, 6151, MULTIRANGE) \
	X(4533, 6152, MULTIRANGE) \
	X(4534, 6153, MULTIRANGE) \
	X(4535, 6155, MULTIRANGE) \
	X(4536, 6157, MULTIRANGE)

/* Types of which only the empty array is a known constant, not the value itself. */
#define ARRAYS_ONLY(X) \
	X(27, 1010) /* tid */ \
	X(28, 1011) /* xid */ \
	X(600, 1017) /* point */ \
	X(601, 1018) /* lseg */ \
	X(602, 1019) /* path */ \
	X(604, 1027) /* polygon */ \
	X(628, 629) /* line */ \
	X(650, 651) /* cidr */ \
	X(718, 719) /* circle */ \
	X(774, 775) /* macaddr8 */ \
	X(829, 1040) /* macaddr */ \
	X(869, 1041) /* inet */ \
	X(1560, 1561) /* bit */ \
	X(1562, 1563) /* varbit */ \
	X(3614, 3643) /* tsvector */ \
	X(3615, 3645) /* tsquery */ \
	X(4072, 4073) /* jsonpath */ \
	X(5069, 271) /* xid8 */

/* Indexed by OID: one load tells, a search would cost more than the mask itself. */
static const struct {
	uint16_t element;
	uint8_t class;
} types[] = {
#define X(oid, array, name) [oid] = {0, CLASS_##name}, [array] = {oid, CLASS_ARRAY},
	TYPES(X)
#undef X
#define X(oid, array) [array] = {oid, CLASS_ARRAY},
	ARRAYS_ONLY(X)
#undef X
	[705] = {0, CLASS_TEXT}, /* unknown: a literal whose type nobody asked for */
};

enum mask_class mask_type_class(uint32_t type_oid)
{
	return type_oid < QW_COUNT(types) ? (enum mask_class)types[type_oid].class : CLASS_UNKNOWN;
}

uint32_t mask_type_element(uint32_t type_oid)
{
	return type_oid < QW_COUNT(types) ? types[type_oid].element : 0;
}
