#include "stoa/db/word_cutter.hpp"

#include <sqlite3.h>

#include <array>
#include <exception>

#include "stoa/db/statement.hpp"

namespace stoa::db {
namespace {

constexpr const char* kPointer = "fts5_api_ptr";

fts5_api* api_of(sqlite3* connection) {
    fts5_api* api = nullptr;
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(connection, "SELECT fts5(?1)", -1, &statement, nullptr) == SQLITE_OK) {
        sqlite3_bind_pointer(statement, 1, &api, kPointer, nullptr);
        sqlite3_step(statement);
    }
    sqlite3_finalize(statement);
    if (!api) throw DbFailure("this SQLite has no full text search");
    return api;
}

struct Taking {
    const std::function<void(std::string_view, bool)>& take;
    std::size_t size;
    std::exception_ptr failure;
};

int on_token(void* context, int, const char* word, int length, int, int end) {
    auto& taking = *static_cast<Taking*>(context);
    try {
        taking.take({word, static_cast<std::size_t>(length)},
                    static_cast<std::size_t>(end) < taking.size);
        return SQLITE_OK;
    } catch (...) {
        taking.failure = std::current_exception();
        return SQLITE_ABORT;
    }
}

}  // namespace

struct WordCutter::Impl {
    sqlite3* connection = nullptr;
    fts5_tokenizer methods{};
    Fts5Tokenizer* tokenizer = nullptr;

    ~Impl() {
        if (tokenizer) methods.xDelete(tokenizer);
        sqlite3_close(connection);
    }
};

WordCutter::WordCutter() : impl_(std::make_unique<Impl>()) {
    if (sqlite3_open(":memory:", &impl_->connection) != SQLITE_OK) {
        throw DbFailure("no memory for a tokenizer");
    }
    fts5_api* api = api_of(impl_->connection);
    void* data = nullptr;
    std::array<const char*, 3> arguments{"unicode61", "remove_diacritics", "2"};
    if (api->xFindTokenizer(api, "porter", &data, &impl_->methods) != SQLITE_OK ||
        impl_->methods.xCreate(data, arguments.data(), static_cast<int>(arguments.size()),
                               &impl_->tokenizer) != SQLITE_OK) {
        throw DbFailure("this SQLite has no tokenizer \"porter\"");
    }
}

WordCutter::~WordCutter() = default;

void WordCutter::cut(std::string_view text,
                     const std::function<void(std::string_view, bool)>& take) {
    Taking taking{take, text.size(), nullptr};
    const int code = impl_->methods.xTokenize(impl_->tokenizer, &taking, FTS5_TOKENIZE_DOCUMENT,
                                              text.data(), static_cast<int>(text.size()), on_token);
    if (taking.failure) std::rethrow_exception(taking.failure);
    if (code != SQLITE_OK) throw DbFailure("a text could not be cut into words");
}

}  // namespace stoa::db
