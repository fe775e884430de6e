// Private to the room: libpq, loaded when the first PostgreSQL is opened. Linking it would make every
// start of the program load it and the dozen libraries behind it (Kerberos, LDAP), and a machine that
// never sees PostgreSQL need them.
#pragma once

#include <treadle/base/result.h>

#include <libpq-fe.h>

namespace treadle::db {

// Every function of libpq that is used.
// clang-format off
#define TREADLE_LIBPQ_FUNCTIONS(X) \
  X(PQconnectdbParams) X(PQconninfoFree) X(PQconninfoParse) X(PQfinish) \
  X(PQstatus) X(PQsocket) X(PQdb) X(PQhost) \
  X(PQerrorMessage) X(PQsetNoticeProcessor) X(PQenterPipelineMode) \
  X(PQexitPipelineMode) X(PQpipelineSync) X(PQsendFlushRequest) X(PQflush) \
  X(PQsendPrepare) X(PQsendQueryPrepared) X(PQsetSingleRowMode) X(PQgetResult) X(PQexec) \
  X(PQclear) X(PQresultStatus) X(PQresultErrorField) X(PQresultErrorMessage) \
  X(PQntuples) X(PQnfields) X(PQftype) X(PQgetvalue) \
  X(PQgetlength) X(PQgetisnull) X(PQcmdTuples)
// clang-format on

struct Libpq {
#define TREADLE_LIBPQ_MEMBER(name) decltype(&::name) name = nullptr;
  // libpq's own names.
  TREADLE_LIBPQ_FUNCTIONS(TREADLE_LIBPQ_MEMBER)  // NOLINT(readability-identifier-naming)
#undef TREADLE_LIBPQ_MEMBER
};

// Loaded once per process, never unloaded. kUnsupported, with the cure: it is not on this machine.
Result<const Libpq*> load_libpq();

}  // namespace treadle::db
