#include "bench/cards.hpp"

#include <array>
#include <random>
#include <string_view>

#include <boost/json.hpp>

namespace stoa::bench {
namespace {

using Words = std::vector<std::string_view>;

struct Field {
    std::string_view domain;
    Words objects;  ///< What models of it are given.
    Words users;
};

const std::vector<Field>& fields() {
    static const std::vector<Field> all{
        {"medical",
         {"chest x-rays", "clinical notes", "radiology reports", "ECG traces", "skin photographs",
          "lab results", "discharge letters", "pathology slides", "retina scans", "prescriptions"},
         {"hospitals", "family doctors", "nurses", "patients", "medical coders"}},
        {"finance",
         {"annual reports", "earnings calls", "invoices", "bank statements", "credit applications",
          "market news", "trade records", "insurance claims", "tax forms", "audit trails"},
         {"analysts", "banks", "auditors", "traders", "small businesses"}},
        {"law",
         {"contracts", "court rulings", "patents", "privacy policies", "legal briefs", "statutes",
          "leases", "licence agreements", "witness statements"},
         {"law firms", "judges", "paralegals", "compliance officers", "tenants"}},
        {"language",
         {"novels", "subtitles", "customer letters", "chat messages", "web pages", "poems",
          "news articles", "interview transcripts", "proverbs", "dictionaries"},
         {"translators", "editors", "teachers", "publishers", "language learners"}},
        {"science",
         {"research papers", "protein sequences", "molecules", "telescope images", "lab notebooks",
          "genome reads", "particle tracks", "field recordings", "material spectra"},
         {"chemists", "biologists", "astronomers", "students", "librarians"}},
        {"software",
         {"source code", "bug reports", "commit messages", "log files", "API documents",
          "database queries", "test failures", "shell commands", "configuration files"},
         {"developers", "reviewers", "operators", "security teams", "data engineers"}},
        {"agriculture",
         {"satellite images", "leaf photographs", "soil samples", "weather records",
          "drone footage", "milk yields", "pest counts", "seed catalogues"},
         {"farmers", "agronomists", "cooperatives", "seed breeders"}},
        {"industry",
         {"vibration signals", "weld images", "maintenance logs", "assembly drawings",
          "sensor streams", "safety reports", "thermal images", "spare part lists"},
         {"plant engineers", "quality inspectors", "fleet managers", "electricians"}},
        {"education",
         {"essays", "exam questions", "lecture recordings", "maths problems", "reading lists",
          "lesson plans", "handwritten homework", "children's drawings"},
         {"teachers", "pupils", "universities", "parents", "tutors"}},
        {"commerce",
         {"product photographs", "reviews", "shopping baskets", "support tickets",
          "product descriptions", "delivery addresses", "returns", "advertisements"},
         {"web shops", "support teams", "merchandisers", "couriers"}},
        {"media",
         {"podcasts", "film scenes", "music recordings", "press photographs", "scripts",
          "sports broadcasts", "radio archives", "comics"},
         {"journalists", "film makers", "musicians", "archivists", "sound engineers"}},
        {"geography",
         {"street maps", "aerial photographs", "census tables", "traffic counts", "river levels",
          "historical maps", "bus timetables"},
         {"city planners", "rescue services", "hikers", "surveyors"}},
    };
    return all;
}

struct Task {
    std::string_view name;
    std::string_view does;
    std::string_view noun;
    std::string_view result;
};

const std::array kTasks{
    Task{"summarization", "Summarises", "summariser", "a few plain sentences"},
    Task{"text-generation", "Drafts answers about", "writer", "fluent paragraphs"},
    Task{"text-classification", "Sorts", "classifier", "one of forty categories"},
    Task{"token-classification", "Finds names and dates in", "tagger", "marked spans"},
    Task{"question-answering", "Answers questions about", "answerer", "a quoted passage"},
    Task{"translation", "Translates", "translator", "text in another language"},
    Task{"feature-extraction", "Turns into vectors", "embedder", "384 numbers for search"},
    Task{"image-classification", "Recognises what is in", "recogniser", "labels with scores"},
    Task{"object-detection", "Locates objects in", "detector", "boxes with names"},
    Task{"automatic-speech-recognition", "Writes down speech about", "transcriber",
         "punctuated text"},
    Task{"text-to-speech", "Reads aloud", "voice", "natural speech"},
    Task{"tabular-regression", "Predicts numbers from", "forecaster", "a value and its interval"},
    Task{"anomaly-detection", "Notices what is unusual in", "monitor", "a score of surprise"},
    Task{"image-to-text", "Describes", "captioner", "a caption"},
    Task{"reinforcement-learning", "Plans actions from", "planner", "a sequence of steps"},
};

const Words kNames{"Nord",   "Lumen",   "Atlas",  "Kestrel", "Opal",    "Tarn",   "Vega",
                   "Birch",  "Cobalt",  "Delta",  "Ember",   "Fjord",   "Garnet", "Heron",
                   "Iris",   "Juniper", "Krill",  "Linden",  "Mistral", "Nimbus", "Osprey",
                   "Pike",   "Quartz",  "Rowan",  "Sable",   "Thistle", "Umber",  "Violet",
                   "Willow", "Yarrow",  "Zephyr", "Aster"};
const Words kQualities{"small",  "fast",    "careful", "multilingual", "compact",   "accurate",
                       "robust", "private", "frugal",  "explainable",  "streaming", "calibrated"};
const Words kLicences{"Apache-2.0", "MIT", "CC-BY-4.0", "CC-BY-NC-4.0", "LicenseRef-commercial"};
const Words kFormats{"gguf", "onnx", "safetensors"};
const Words kQuantisations{"Q4_0", "Q4_K_M", "Q8_0", "IQ2_XXS", "F16", "int8"};
const Words kLanguages{"en", "de", "fr", "es", "it", "pt", "nl", "pl", "cs", "sv", "fi",
                       "da", "tr", "ar", "he", "fa", "hi", "bn", "ta", "th", "vi", "id",
                       "ja", "ko", "zh", "ru", "uk", "el", "hu", "ro", "bg", "sw"};
const Words kSources{"donated records of twelve partners",    "a public archive from 1998 to 2023",
                     "synthetic examples checked by experts", "crowd-sourced annotations",
                     "two million licensed documents",        "recordings made for this purpose"};
const Words kLimits{"It fails on handwriting and on very long inputs.",
                    "Dialects and abbreviations lower its accuracy.",
                    "It was never tested on people under eighteen.",
                    "Numbers in tables are read less reliably than prose.",
                    "Results must be checked by somebody who knows the field.",
                    "Night-time and blurred pictures are often misjudged."};

/// The same everywhere, which the distributions of the standard library are not.
class Choice {
  public:
    explicit Choice(std::uint64_t seed) : random_(seed) {}
    std::uint64_t below(std::uint64_t end) { return random_() % end; }
    template <class Range>
    const auto& of(const Range& range) {
        return range[static_cast<std::size_t>(below(range.size()))];
    }
    /// Small ones more often, as with what people publish.
    template <class Range>
    const auto& first_of(const Range& range) {
        return range[static_cast<std::size_t>(below(below(range.size()) + 1))];
    }

  private:
    std::mt19937_64 random_;
};

std::string text(std::string_view view) {
    return std::string(view);
}

std::string slug_of(std::string_view title, std::uint64_t number) {
    std::string slug;
    for (const char c : title) {
        slug += c == ' ' ? '-' : static_cast<char>(c | 0x20);
    }
    return slug + "-" + std::to_string(number);
}

}  // namespace

Card card_of(std::uint64_t number) {
    Choice choice(number * 0x9e3779b97f4a7c15 + 1);
    const Field& field = choice.first_of(fields());
    const Task& task = choice.first_of(kTasks);
    const auto object = choice.of(field.objects);
    const auto other = choice.of(field.objects);
    const auto user = choice.of(field.users);
    const auto quality = choice.of(kQualities);
    const std::uint64_t millions = std::uint64_t{20} << choice.below(12);
    Card card;
    const std::string size =
        millions < 1'000 ? std::to_string(millions) + "M" : std::to_string(millions / 1'000) + "B";
    card.title = text(choice.of(kNames)) + " " + text(object) + " " + text(task.noun) + " " + size;
    card.slug = slug_of(card.title, number);
    card.summary = text(task.does) + " " + text(object) + " for " + text(user) + ": a " +
                   text(quality) + " model that gives " + text(task.result) + ".";
    card.task = task.name;
    card.domain = field.domain;
    card.licence = choice.first_of(kLicences);
    card.format = choice.of(kFormats);
    card.quantisation = choice.of(kQuantisations);
    card.tags = {text(quality), text(user), text(object)};
    card.languages = {"en"};
    for (std::uint64_t more = choice.below(4); more > 0; --more) {
        card.languages.push_back(text(choice.first_of(kLanguages)));
    }
    card.context = std::uint64_t{512} << choice.below(9);
    card.bytes = millions * 600'000 + choice.below(1'000'000);
    card.text = "# " + card.title + "\n\nTrained on " + text(choice.of(kSources)) + " with " +
                text(object) + " and " + text(other) + ", reviewed by " + text(user) + " over " +
                std::to_string(2 + choice.below(30)) + " months.\n\n## Use\n" + text(task.does) +
                " " + text(other) + " too, and gives " + text(task.result) + ". Score " +
                std::to_string(60 + choice.below(40)) + "." + std::to_string(choice.below(10)) +
                " on our own test of " + std::to_string(100 + choice.below(9'900)) +
                " cases.\n\n## Limits\n" + text(choice.of(kLimits)) + " " +
                text(choice.of(kLimits)) + "\n";
    return card;
}

std::string manifest_of(const Card& card) {
    namespace json = boost::json;
    const auto list = [](const std::vector<std::string>& texts) {
        return json::array(texts.begin(), texts.end());
    };
    json::object able{{"inputTypes", json::array{"text"}},
                      {"languages", list(card.languages)},
                      {"toolUsage", card.context > 8'192}};
    json::object weights{{"role", "weights"},
                         {"path", "model." + card.format},
                         {"size", card.bytes},
                         {"format", card.format}};
    json::object properties{
        {"title", card.title},
        {"task", card.task},
        {"license", card.licence},
        {"tags", list(card.tags)},
        {"domains", json::array{card.domain}},
        {"capabilities", json::array{card.task == "feature-extraction" ? "embedding" : "chat"}},
        {"contextLength", card.context},
        {"model", json::object{{"config", json::object{{"quantization", card.quantisation},
                                                       {"capabilities", std::move(able)}}}}},
        {"artifacts", json::array{std::move(weights)}},
        {"card", card.text}};
    return json::serialize(json::object{{"type", "ModelListing"},
                                        {"name", card.slug},
                                        {"description", card.summary},
                                        {"properties", std::move(properties)}});
}

std::string meaning_text(const Card& card) {
    std::string all = card.title + ". " + card.summary + " ";
    for (std::size_t i = 0; i < card.tags.size(); ++i) all += (i ? ", " : "") + card.tags[i];
    return all;
}

std::string sentence_of(std::uint64_t number) {
    Choice choice(number * 0xd1342543de82ef95 + 7);
    const Field& field = choice.of(fields());
    const auto object = text(choice.of(field.objects));
    const auto user = text(choice.of(field.users));
    switch (choice.below(4)) {
        case 0: return "help " + user + " understand " + object + " quickly";
        case 1: return "what can look through " + object + " and tell me what matters";
        case 2: return "a tool for " + user + " who work with " + object + " every day";
        default: return "automatic checking of " + object + " before " + user + " see them";
    }
}

std::string words_of(std::uint64_t number, std::uint64_t cards) {
    Choice choice(number * 0xda942042e4dd58b5 + 3);
    const Card card = card_of(choice.below(cards));
    switch (choice.below(5)) {
        case 0: return card.title.substr(0, card.title.find(' '));
        case 1: return card.tags[2];
        case 2: return card.tags[0] + " " + card.tags[2];
        case 3: return card.domain + " " + card.title.substr(0, 4);
        default: return card.title.substr(0, card.title.rfind(' '));
    }
}

}  // namespace stoa::bench
