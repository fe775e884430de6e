// td::wandb::Image: PNG files, the documents of W&B's SDK, and pictures in tables through a run.
#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/cpp/wandb_table.h>
#include <treadle/treadle.hpp>

#include <gtest/gtest.h>

namespace td = treadle;

namespace {

td::wandb::Image picture(int channels) {
  td::wandb::Image image{.width = 7, .height = 5, .channels = channels, .caption = "a picture"};
  for (int i = 0; i < 7 * 5 * channels; ++i)
    image.pixels.push_back(static_cast<std::uint8_t>(i * 37));
  return image;
}

TEST(WandbImage, IsAPngAndComesBack) {
  for (int channels = 1; channels <= 4; ++channels) {
    td::wandb::Image image = picture(channels);
    image.caption.clear();
    EXPECT_EQ(td::wandb::Image::from_png(*image.to_png()).value_or(td::wandb::Image()), image);
  }
}

TEST(WandbImage, OfImpossibleNumbersIsRefused) {
  td::wandb::Image image = picture(3);
  image.pixels.pop_back();
  EXPECT_NE(image.to_png().error().message.find("does not have 104 numbers"), std::string::npos);
  EXPECT_FALSE((td::wandb::Image{.width = 0, .height = 1}).to_png());
  EXPECT_FALSE((td::wandb::Image{.width = 1, .height = 1, .channels = 5, .pixels = {1, 2, 3, 4, 5}})
                   .to_png());
}

// Cut and changed at every byte: refused, or the picture itself.
TEST(WandbImage, DamagedFilesAreRefused) {
  td::wandb::Image image = picture(3);
  image.caption.clear();
  const std::string png = *image.to_png();
  for (std::size_t at = 0; at < png.size(); ++at) {
    const auto cut = td::wandb::Image::from_png(std::string_view(png).substr(0, at));
    EXPECT_TRUE(!cut || *cut == image) << at;
    std::string changed = png;
    changed[at] = static_cast<char>(changed[at] ^ 0x15);
    const auto read = td::wandb::Image::from_png(changed);
    EXPECT_TRUE(!read || *read == image) << at;
  }
}

// By hand: each row of 4 grey pixels with another filter, values 10 20 30 40 in all rows.
TEST(WandbImage, AllFiltersAreRead) {
  const std::string png =
      "\x89PNG\r\n\x1a\n" + std::string("\0\0\0\rIHDR\0\0\0\4\0\0\0\5\10\0\0\0\0", 21) +
      std::string("\107\306\022\007", 4) +
      std::string(
          "\000\000\000\032\111\104\101\124\170\234\143\340\022\221\323\140\344\002\002\046\006\040"
          "\140\146\005\002\026\020\013\000\014\147\000\253\224\274\166\213",
          38) +
      std::string("\0\0\0\0IEND\xae\x42\x60\x82", 12);
  const auto image = td::wandb::Image::from_png(png);
  ASSERT_TRUE(image) << image.error().message;
  std::vector<std::uint8_t> rows;
  for (int y = 0; y < 5; ++y) rows.insert(rows.end(), {10, 20, 30, 40});
  EXPECT_EQ(image->pixels, rows);
}

TEST(WandbImage, TravelsFromAssetToAssetAndInTables) {
  const std::string home = td::join_path(testing::TempDir(), "treadle-image-" + td::random_uuid());
  td::Defs defs;
  defs.io_manager("wandb", td::wandb::artifacts_io_manager());
  auto image = defs.asset({.key = "image", .io_manager = "wandb"}, [] { return picture(3); });
  auto table = defs.asset({.key = "table", .io_manager = "wandb"}, [] {
    td::wandb::Table out{.columns = {"id", "picture"}};
    out.rows.push_back({1, picture(3)});
    out.rows.push_back({2, picture(1)});
    out.rows.push_back({3, picture(3)});  // one file with the first
    return out;
  });
  auto native = defs.asset("native", [] { return picture(4); });  // through the default IO manager
  std::vector<td::wandb::Image> seen;
  const auto keep = [&](const td::wandb::Image& one) {
    seen.push_back(one);
    return 1;
  };
  defs.asset("whole", keep, image);
  defs.asset("by_name", keep, td::with(image, {td::wandb::configuration({.get = "Image"})}));
  defs.asset("of_native", keep, native);
  defs.asset(
      "rows",
      [&](const td::wandb::Table& all) {
        for (const auto& row : all.rows) keep(std::get<td::wandb::Image>(row[1].value()));
        return 1;
      },
      td::with(table, {td::wandb::configuration({.get = "Table"})}));
  const auto run = td::materialize(defs, {.home = home});
  ASSERT_TRUE(run.success());
  ASSERT_EQ(seen.size(), 6U);
  for (const td::wandb::Image& one : seen) EXPECT_EQ(one, picture(one.channels));
  (void)td::remove_tree(home);
}

}  // namespace
