#include "derpprobe/history/sqlite.h"

#include <sqlite3.h>

#include <fmt/format.h>

namespace derp::probe {

namespace {

Error ErrorOf(sqlite3* database) {
  const int code = database == nullptr ? SQLITE_NOMEM : sqlite3_errcode(database);
  const std::string text = database == nullptr ? "out of memory" : sqlite3_errmsg(database);
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_SCHEMA:
    case SQLITE_MISMATCH:
      return {ErrorCode::kProtocol, text, 0};
    case SQLITE_FULL:
      return {ErrorCode::kResource, text, 0};
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return {ErrorCode::kPermission, text, 0};
    default:
      return {ErrorCode::kSystem, text, database == nullptr ? 0 : sqlite3_system_errno(database)};
  }
}

}  // namespace

void SqlStatement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void SqlDatabase::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Expected<void, Error> SqlStatement::Start(const std::vector<SqlValue>& values) {
  sqlite3_stmt* statement = statement_.get();
  sqlite3_reset(statement);
  int index = 0;
  for (const SqlValue& value : values) {
    ++index;
    int bound = SQLITE_OK;
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      bound = sqlite3_bind_int64(statement, index, *number);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      bound = sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_TRANSIENT,
                                  SQLITE_UTF8);
    } else {
      bound = sqlite3_bind_null(statement, index);
    }
    if (bound != SQLITE_OK) return Fail(ErrorOf(sqlite3_db_handle(statement)));
  }
  return {};
}

Expected<bool, Error> SqlStatement::Next() {
  sqlite3_stmt* statement = statement_.get();
  const int result = sqlite3_step(statement);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) {
    sqlite3_reset(statement);
    return false;
  }
  const Error error = ErrorOf(sqlite3_db_handle(statement));
  sqlite3_reset(statement);
  return Fail(error);
}

Expected<void, Error> SqlStatement::Run(const std::vector<SqlValue>& values) {
  if (auto started = Start(values); !started) return started;
  for (;;) {
    const auto more = Next();
    if (!more) return Fail(more.error());
    if (!*more) return {};
  }
}

std::int64_t SqlStatement::Integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::optional<std::int64_t> SqlStatement::MaybeInteger(int column) const {
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return std::nullopt;
  return Integer(column);
}

std::string SqlStatement::Text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  if (bytes == nullptr) return "";
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return {bytes, static_cast<std::size_t>(size)};
}

Expected<SqlDatabase, Error> SqlDatabase::Open(const std::string& path) {
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int result = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  SqlDatabase database(raw);
  if (result != SQLITE_OK) return Fail(Within(path, ErrorOf(raw)));
  sqlite3_extended_result_codes(raw, 1);
  return database;
}

Expected<void, Error> SqlDatabase::Execute(const std::string& sql) {
  const int result = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return Fail(ErrorOf(database_.get()));
  return {};
}

Expected<SqlStatement, Error> SqlDatabase::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (result != SQLITE_OK) return Fail(ErrorOf(database_.get()));
  return SqlStatement(statement);
}

Expected<std::string, Error> SqlDatabase::Ask(std::string_view sql) {
  auto statement = Prepare(sql);
  if (!statement) return Fail(statement.error());
  const auto row = statement->Next();
  if (!row) return Fail(row.error());
  return *row ? statement->Text(0) : std::string();
}

Expected<std::int64_t, Error> SqlDatabase::AskInteger(std::string_view sql) {
  auto statement = Prepare(sql);
  if (!statement) return Fail(statement.error());
  const auto row = statement->Next();
  if (!row) return Fail(row.error());
  return *row ? statement->Integer(0) : 0;
}

std::int64_t SqlDatabase::last_row_id() const { return sqlite3_last_insert_rowid(database_.get()); }

std::int64_t SqlDatabase::changes() const { return sqlite3_changes64(database_.get()); }

}  // namespace derp::probe
