"""Who may know whom: the one place where the arrows of the house are written down (docs/architecture.md draws them).

A room is a folder and its door is include/qw/<room>.h. `calls`: the rooms whose functions it may call. `sees`: doors of which
it may use the structs, never a function. `outside`: headers of libraries that are not ours; who is not listed may not.
`libc`: what a pure room's code may need from outside all rooms (groups below); None: the room is not pure, the kernel is open
to it. Whatever is not written here is forbidden.
"""


class Room:
    def __init__(self, folder, calls="", sees="", outside="", libc=None, inner=(), headers=""):
        self.folder, self.inner = folder, inner
        self.calls, self.sees = calls.split(), sees.split()
        self.outside, self.headers = outside.split(), headers.split()
        self.libc = None if libc is None else libc.split()


# What pure code may need of libc. No group holds time, files, sockets, threads, the environment, randomness or printing.
GROUPS = {
    "text": "bcmp memchr memcmp memcpy memmove memset strlen strnlen strchr strrchr strcmp strncmp strcspn strspn strstr",
    "case": "strcasecmp strncasecmp __ctype_b_loc __ctype_tolower_loc",
    "format": "snprintf vsnprintf",
    "sort": "qsort",
    "memory": "malloc calloc realloc free strdup",
    "free": "free",  # what libpg_query gave
    "wide": "__udivti3 __umodti3 __udivmodti4",  # the compiler's division of 128 bits
    "die": "abort fprintf stderr",  # QW_ASSERT, in base alone
}

ROOMS = {
    # ---- how bytes and SQL mean: pure, memory from the caller ----
    "base": Room("src/base", libc="text format memory die"),
    "wire": Room("protocols/wire", "base", libc="text", headers="endian.h"),
    "pgwire": Room("protocols/postgres", "base wire", libc="text"),
    "pgcopy": Room("protocols/postgres/copy", "base wire", libc="text"),
    "mywire": Room("protocols/mysql", "base wire", libc="text format"),
    "myreply": Room("protocols/mysql/reply", "base wire mywire", libc="text"),
    "statement": Room("sqlparse", "base", libc="text"),
    "sqlparse": Room("sqlparse/postgres", "base statement", libc="text case free", headers="ctype.h strings.h",
                     inner=("ddl", "inner"),
                     outside="catalog/pg_type_d.h pg_query.h pg_query/pg_query_internal.h postgres.h nodes/parsenodes.h"),
    "mysqltree": Room("sqlparse/mysql/tree", "base", libc="text"),
    "mysqlparse": Room("sqlparse/mysql", "base statement mysqltree", "sqlparse", libc="text case", headers="strings.h",
                       inner=("lex", "core", "expression", "query", "write", "facts", "other")),
    "querytree": Room("sqlparse/querytree", "base", libc="text"),
    # ---- small rooms that everybody may use ----
    "digest": Room("src/digest", "base", outside="openssl/core_names.h openssl/crypto.h openssl/evp.h openssl/params.h"),
    "log": Room("src/log", "base"),
    "record": Room("src/record", "base", libc="text"),
    "yaml": Room("src/yaml", "base", libc="text format", outside="yaml.h"),
    # ---- the deciders: pure; they allocate what lives longer than a call (_new, _free) ----
    "mask": Room("src/mask", "base digest", libc="text memory wide"),
    "detect": Room("src/detect", "base", libc="text"),
    "limits": Room("src/limits", "base", libc="text memory"),
    "functions": Room("src/functions", "base", libc="text sort"),
    "policy": Room("src/policy", "base digest yaml statement limits functions", "mask", libc="text case format memory",
                   headers="ctype.h", inner=("load",)),
    "catalog": Room("src/catalog", "base digest functions", libc="text sort memory"),
    "labels": Room("src/labels", "base functions catalog policy", "statement", libc="text format sort memory"),
    "flow": Room("src/flow", "base querytree", "labels mask statement limits", libc="text", inner=("expression", "query")),
    "lineage": Room("src/lineage", "base statement mysqltree mysqlparse catalog labels flow", "limits mask sqlparse querytree policy", libc="text",
                    inner=("names", "expression", "query", "write")),
    "world": Room("src/world", "base flow labels policy", "lineage mysqlparse mysqltree sqlparse catalog mask statement querytree"),
    "approval": Room("src/approval", "base digest", libc="text"),
    # Pure as to time and I/O; its libraries (jansson, libjwt, libcrypto) allocate.
    "identity": Room("src/identity", "base", "policy", libc="text case format memory strndup", headers="strings.h",
                     outside="jansson.h jwt.h openssl/bn.h openssl/core_names.h openssl/crypto.h openssl/ecdsa.h "
                             "openssl/err.h openssl/evp.h openssl/param_build.h openssl/pem.h openssl/rsa.h openssl/types.h"),
    # ---- the conversation: pure; reaches audit, vault, upstream and io only through events and actions ----
    "session": Room("src/session", "base digest record wire pgwire pgcopy mywire myreply sqlparse mysqlparse statement querytree mask detect "
                                   "policy labels catalog flow lineage world limits approval",
                    "config identity upstream functions", libc="text case format memory", inner=("postgres", "mysql", "rows", "tree", "guards"),
                    headers="strings.h"),
    # ---- rooms that touch the world ----
    "audit": Room("src/audit", "base digest record approval", outside="lmdb.h"),
    "vault": Room("src/vault", "base", outside="openssl/core_names.h openssl/crypto.h openssl/evp.h openssl/hmac.h "
                                               "openssl/kdf.h openssl/params.h openssl/rand.h"),
    "upstream": Room("src/upstream", "base vault catalog functions", outside="libpq-fe.h openssl/ssl.h mysql.h ma_pvio.h errmsg.h mysqld_error.h",
                     inner=("catalog", "tree", "mysql")),
    # The structs of what it fills in; it calls none of those rooms.
    "config": Room("src/config", "base yaml", "audit identity log sqlparse upstream"),
    # The street moves bytes and does not know what they mean: no wire, no pgwire, no mask but the key it holds.
    "io": Room("src/io", "base session audit vault upstream identity approval catalog labels policy limits mask config sqlparse "
                         "digest log record",
               "statement", outside="uv.h openssl/ssl.h openssl/bio.h openssl/err.h curl/curl.h jansson.h", inner=("catalogs", "keys")),
    "control": Room("src/control", "base io approval audit policy identity digest log record config",
                    outside="uv.h jansson.h microhttpd.h"),
    "cli": Room("src/cli", "base control io config limits policy audit vault identity approval labels catalog record digest log "
                           "sqlparse statement mask wire pgwire mywire myreply upstream flow world querytree", outside="jansson.h",
                inner=("explain", "replay")),
}

# Headers of the C library that every room may include. Others, of the kernel, only the rooms that are not pure.
C_HEADERS = set("stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h limits.h "
                "inttypes.h float.h".split())

# A library's header that starts so is named in `outside` or refused, in rooms that are not pure too.
OUTSIDE = ("openssl/", "curl/", "pg_query", "nodes/", "postgres.h", "lmdb.h", "libpq", "mysql.h", "mysqld_error.h", "ma_pvio.h",
           "errmsg.h", "uv.h", "jansson.h", "jwt.h", "microhttpd.h", "yaml.h")

# Symbols of libraries that a pure room may see, by the prefixes of their names.
LIBRARY_SYMBOLS = {
    "sqlparse": ("pg_query_",),
    "yaml": ("yaml_event_", "yaml_parser_"),
    "identity": ("json_", "jwt_", "EVP_", "BN_", "ECDSA_", "OSSL_PARAM_", "PEM_", "BIO_", "ERR_", "OPENSSL_cleanse",
                 "CRYPTO_free", "i2d_ECDSA_SIG", "d2i_ECDSA_SIG"),
}
