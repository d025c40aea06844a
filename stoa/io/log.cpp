#include "stoa/io/log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <chrono>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

namespace stoa::io {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{32} << 20;
constexpr std::size_t kOldFiles = 3;

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
        case LogLevel::debug: return spdlog::level::debug;
        case LogLevel::info: return spdlog::level::info;
        case LogLevel::warning: return spdlog::level::warn;
        case LogLevel::error: return spdlog::level::err;
        case LogLevel::off: return spdlog::level::off;
    }
    return spdlog::level::off;
}

std::string_view name_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug: return "debug";
        case LogLevel::info: return "info";
        case LogLevel::warning: return "warning";
        case LogLevel::error: return "error";
        case LogLevel::off: return "off";
    }
    return "";
}

std::string quoted(std::string_view text) {
    return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

/// Quotes only what a person could misread, or what could forge a line.
std::string readable(std::string_view text) {
    const bool plain = !text.empty() && text.find_first_of(" \"=\\") == std::string_view::npos;
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return quoted(text);
    }
    return plain ? std::string(text) : quoted(text);
}

std::string value_text(const LogField& field, LogFormat format) {
    struct Visitor {
        LogFormat format;
        std::string operator()(std::string_view text) const {
            return format == LogFormat::json ? quoted(text) : readable(text);
        }
        std::string operator()(bool truth) const { return truth ? "true" : "false"; }
        std::string operator()(std::int64_t number) const { return fmt::to_string(number); }
        std::string operator()(double number) const {
            return number - number == 0 ? fmt::to_string(number) : "null";
        }
    };
    return std::visit(Visitor{format}, field.value);
}

std::string line_of(LogFormat format, LogLevel level, std::string_view sentence,
                    Log::Fields fields) {
    const auto now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const auto whole = std::chrono::floor<std::chrono::seconds>(now);
    const auto time = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                                  fmt::gmtime(std::chrono::system_clock::to_time_t(whole)),
                                  (now - whole).count());
    std::string line;
    if (format == LogFormat::json) {
        line = fmt::format(R"({{"time":"{}","level":"{}","message":{})", time, name_of(level),
                           quoted(sentence));
        for (const auto& field : fields) {
            line += fmt::format(",{}:{}", quoted(field.name), value_text(field, format));
        }
        line += '}';
    } else {
        const bool is_plain = sentence.find_first_of("\r\n") == std::string_view::npos;
        line = fmt::format("{} {:7} {}", time, name_of(level),
                           is_plain ? std::string(sentence) : quoted(sentence));
        for (const auto& field : fields) {
            line += fmt::format(" {}={}", field.name, value_text(field, format));
        }
    }
    return line;
}

std::shared_ptr<spdlog::logger> logger_to(spdlog::sink_ptr sink, LogLevel level) {
    auto logger = std::make_shared<spdlog::logger>("stoa", std::move(sink));
    logger->set_pattern("%v");
    logger->set_level(spdlog_level(level));
    logger->flush_on(spdlog::level::debug);
    return logger;
}

}  // namespace

Log::Log(LogFormat format, LogLevel level)
    : logger_(logger_to(std::make_shared<spdlog::sinks::stderr_sink_mt>(), level)),
      format_(format) {}

Log::Log(LogFormat format, LogLevel level, const std::string& path)
    : logger_(logger_to(
          std::make_shared<spdlog::sinks::rotating_file_sink_mt>(path, kMaxFileBytes, kOldFiles),
          level)),
      format_(format) {}

void Log::debug(std::string_view sentence, Fields fields) const {
    write(LogLevel::debug, sentence, fields);
}
void Log::info(std::string_view sentence, Fields fields) const {
    write(LogLevel::info, sentence, fields);
}
void Log::warning(std::string_view sentence, Fields fields) const {
    write(LogLevel::warning, sentence, fields);
}
void Log::error(std::string_view sentence, Fields fields) const {
    write(LogLevel::error, sentence, fields);
}

void Log::write(LogLevel level, std::string_view sentence, Fields fields) const {
    const auto where = spdlog_level(level);
    if (!logger_ || !logger_->should_log(where)) return;
    const auto line = line_of(format_, level, sentence, fields);
    logger_->log(where, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace stoa::io
