#include "stoa/client/output.hpp"

namespace stoa::client {

void Output::result(const boost::json::value& json, std::string_view text) {
    if (as_json_) {
        results_ << json << '\n';
    } else if (!text.empty()) {
        results_ << text << (text.ends_with('\n') ? "" : "\n");
    }
    results_.flush();
}

void Output::piece(std::string_view text) {
    if (as_json_) return;
    results_ << text;
    results_.flush();
}

void Output::step(std::string_view text) {
    if (is_terminal_ && !as_json_) remarks_ << "› " << text << '\n' << std::flush;
}

void Output::remark(std::string_view text) {
    if (!as_json_) remarks_ << text << '\n' << std::flush;
}

void Output::failure(const Failure& failure) {
    if (as_json_) {
        remarks_ << boost::json::value{
            {"error",
             {{"code", failure.code()}, {"message", failure.what()}, {"fix", failure.fix()}}}};
    } else {
        remarks_ << "✗ " << printable(failure.what());
        if (!failure.fix().empty()) remarks_ << "\n  " << printable(failure.fix());
    }
    remarks_ << '\n' << std::flush;
}

std::string printable(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        // C1 controls are 0xc2 0x80 … 0xc2 0x9f in UTF-8.
        const bool c1 =
            byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
        if (c1) ++i;
        const bool control = (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f;
        out += c1 || control ? '?' : text[i];
    }
    return out;
}

}  // namespace stoa::client
