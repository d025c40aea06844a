#include "stoa/ledger/record.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "stoa/io/pool.hpp"

namespace stoa::ledger {
namespace {

constexpr const char* kSchema[] = {
    "CREATE TABLE event (number INTEGER PRIMARY KEY, body BLOB NOT NULL);"
    "CREATE TABLE writer (number INTEGER NOT NULL);"
    "INSERT INTO writer VALUES (0);",
};

/// Rows of this size, more or less: a row costs more to write and to read again than its events.
constexpr std::size_t kEventsInRow = 64;

void read_all(db::Session& session, const std::function<void(const Event&)>& found) {
    for (auto rows = session.query("SELECT body FROM event ORDER BY number"); rows.step();) {
        decode_together(rows.get<Bytes>(0), found);
    }
}

}  // namespace

Record::Lock::Lock(const std::filesystem::path& file)
    : descriptor_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (descriptor_ < 0) {
        throw std::system_error(errno, std::generic_category(), file.string());
    }
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
    ::close(descriptor_);
    throw RecordInUse(file.string() + ": another stoad has this ledger open");
}

Record::Lock::~Lock() {
    ::close(descriptor_);
}

Record::Record(const std::filesystem::path& file) : lock_(file.string() + ".lock") {
    db::Options options;
    options.synchronous = db::Synchronous::full;
    options.readers = 1;
    database_ = std::make_unique<db::Database>(file, options);
    writer_ = database_->write_now([](db::Session& session) {
        db::migrate(session, "ledger", kSchema);
        session.run("UPDATE writer SET number = number + 1");
        return session.first<std::int64_t>("SELECT number FROM writer").value();
    });
}

Record::~Record() = default;

void Record::replay(const std::function<void(const Event&)>& found) {
    database_->read_now([&](db::Session& session) { read_all(session, found); });
}

Task<void> Record::append(const std::vector<Event>& events) {
    if (broken_) throw RecordBroken("the ledger can't be written any more");
    std::vector<ByteVector> bodies;
    for (std::span<const Event> rest = events; !rest.empty();) {
        const auto count = std::min(rest.size(), kEventsInRow);
        bodies.push_back(encode_together(rest.first(count)));
        rest = rest.subspan(count);
    }
    // A variable: gcc 12 destroys a lambda with captures twice that is made inside co_await.
    auto job = [writer = writer_, bodies = std::move(bodies)](db::Session& session) {
        // The number fences off a writer that lost its lock without noticing, as on a network disk.
        if (session.first<std::int64_t>("SELECT number FROM writer") != writer) {
            throw db::DbFailure("another program writes this ledger");
        }
        for (const ByteVector& body : bodies) {
            session.run("INSERT INTO event (body) VALUES (?)", body);
        }
    };
    std::string why;
    try {
        co_await database_->write(std::move(job));
        co_return;
    } catch (const io::Overloaded&) {
        throw;  // Nothing was begun.
    } catch (const std::exception& failure) {
        why = failure.what();
    }
    broken_ = true;
    throw RecordBroken("the ledger can't be written: " + why);
}

void Record::read(const std::filesystem::path& file,
                  const std::function<void(const Event&)>& found) {
    db::Database::look_now(file, [&](db::Session& session) { read_all(session, found); });
}

}  // namespace stoa::ledger
