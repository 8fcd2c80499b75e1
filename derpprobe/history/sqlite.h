// A thin hull around SQLite's C interface: owned handles, errors as values. Damage and foreign
// files come back as kProtocol, a full disk as kResource. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace derp::probe {

// What is bound to a '?'; an empty optional is NULL.
using SqlValue = std::variant<std::monostate, std::int64_t, std::string>;

class SqlStatement {
 public:
  // Binds all, runs to the end; rows are skipped.
  Expected<void, Error> Run(const std::vector<SqlValue>& values);

  // Row by row: Start() once, then Next() until false. Columns are valid until the next call.
  Expected<void, Error> Start(const std::vector<SqlValue>& values);
  Expected<bool, Error> Next();
  std::int64_t Integer(int column) const;
  std::optional<std::int64_t> MaybeInteger(int column) const;  // empty for NULL
  std::string Text(int column) const;

 private:
  friend class SqlDatabase;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit SqlStatement(sqlite3_stmt* statement) : statement_(statement) {}

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class SqlDatabase {
 public:
  // Creates the file when there is none. It is read and checked at the first statement.
  static Expected<SqlDatabase, Error> Open(const std::string& path);

  Expected<void, Error> Execute(const std::string& sql);  // one or several statements, no values
  Expected<SqlStatement, Error> Prepare(std::string_view sql);
  // The first column of the first row; empty text when there is none.
  Expected<std::string, Error> Ask(std::string_view sql);
  Expected<std::int64_t, Error> AskInteger(std::string_view sql);

  std::int64_t last_row_id() const;
  std::int64_t changes() const;  // rows of the last statement

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit SqlDatabase(sqlite3* database) : database_(database) {}

  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace derp::probe
