// What it costs to make 64 records of the ledger durable: as the ledger does it, in SQLite with
// synchronous=FULL, and beside it as little as a disk can be asked for, an append to a file whose
// blocks are there already, and fdatasync. The two take turns on the same disk.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <system_error>

#include <boost/asio/io_context.hpp>

#include "stoa/ledger/record.hpp"

#include "bench/figure.hpp"
#include "bench/load.hpp"
#include "bench/shop.hpp"

namespace stoa::bench {
namespace {

constexpr std::size_t kTogether = 64;
constexpr std::size_t kRounds = 400;

/// A file of zeros that are on disk, overwritten from its beginning.
class AppendLog {
  public:
    explicit AppendLog(const std::filesystem::path& file)
        : descriptor_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
        const ByteVector zeros(std::size_t{8} << 20);
        write(zeros);
        at_ = 0;
    }
    ~AppendLog() { ::close(descriptor_); }
    AppendLog(const AppendLog&) = delete;

    void write(Bytes bytes) {
        const auto size = static_cast<ssize_t>(bytes.size());
        if (::pwrite(descriptor_, bytes.data(), bytes.size(), at_) != size ||
            ::fdatasync(descriptor_) != 0) {
            throw std::system_error(errno, std::generic_category(), "the append log");
        }
        at_ += size;
    }

  private:
    int descriptor_;
    off_t at_ = 0;
};

std::vector<ledger::Event> group() {
    std::vector<ledger::Event> events;
    for (std::size_t i = 0; i < kTogether; ++i) {
        if (i % 2 == 0) {
            events.emplace_back(ledger::Reserved{});
        } else {
            events.emplace_back(ledger::Charged{});
        }
    }
    return events;
}

struct Cost {
    std::vector<double> seconds;
    double processor_seconds = 0;

    template <class F>
    void measure(F f) {
        const double before = processor_seconds_of_process();
        const auto began = std::chrono::steady_clock::now();
        f();
        seconds.push_back(
            std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
        processor_seconds += processor_seconds_of_process() - before;
    }
    double median_ms() {
        const auto middle = seconds.begin() + kRounds / 2;
        std::nth_element(seconds.begin(), middle, seconds.end());
        return *middle * 1e3;
    }
    double processor_us() const { return processor_seconds * 1e6 / (kRounds * kTogether); }
};

}  // namespace

std::vector<Figure> commits() {
    const Folder folder;
    boost::asio::io_context loop(1);
    ledger::Record record(folder.path() / "ledger.sqlite");
    AppendLog log(folder.path() / "log");
    const auto events = group();
    Cost sqlite;
    Cost append;
    for (std::size_t i = 0; i < kRounds; ++i) {
        sqlite.measure([&] {
            boost::asio::co_spawn(loop, record.append(events), [](std::exception_ptr thrown) {
                if (thrown) std::rethrow_exception(thrown);
            });
            loop.restart();
            loop.run();
        });
        append.measure([&] { log.write(ledger::encode_together(events)); });
    }
    return {{"commit of 64 records, p50", sqlite.median_ms(), "ms", Bound::at_most, 5, "append log",
             append.median_ms()},
            {"record, processor", sqlite.processor_us(), "us", Bound::at_most, 6, "append log",
             append.processor_us()}};
}

}  // namespace stoa::bench
