// A made-up school whose pages are hard to show: long titles, wide tables, a notice that changes, lists that fail.
import http from "node:http";

const LONG = "关于做好2026年云溪师范大学附属实验中学义务教育阶段新生入学报名、资格审核、信息采集以及后续学籍注册等有关工作安排的补充通知（含外来务工人员随迁子女、烈士子女、残疾儿童少年入学办法及所需证明材料清单）";
const LATIN = "Pneumonoultramicroscopicsilicovolcanoconiosis_prevention_and_control_in_laboratories_2026_final_revised_version.docx";

const columns = ["序号", "学院", "专业名称", "计划人数", "报名人数", "初试时间", "复试时间", "地点", "联系人"];
const row = (n) => [n, "数学与统计学院", "数学与应用数学（师范类）", 120 + n, 311, "5月11日 09:00", "5月18日 14:30", "知行楼 A301", "王老师"];
const tableRow = (cells, tag) => `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
const TABLE = `<table>${tableRow(columns, "td")}${[1, 2, 3].map((n) => tableRow(row(n), "td")).join("")}</table>`;

const paragraphs = (subject) =>
  ["各学院、各部门：", `为做好${subject}，根据学校2026年工作要点和《云溪师范大学本科教学管理办法》（校发〔2025〕18号），现将有关事项通知如下。`,
    "一、时间安排。网上登记时间为2026年5月11日08:00至5月15日17:30，逾期系统关闭，不再受理。各学院应当在5月18日前完成初审，并把结果报送教务处（邮箱jwc@example.edu.cn）。",
    "二、工作要求。请各单位高度重视，明确专人负责；材料不全的，应当一次告知需要补充的内容，不得让学生多次往返。",
    "三、其他事项。未尽事宜由教务处负责解释，联系电话0599-8123456。"]
    .map((text) => `<p>${text}</p>`)
    .join("");

const notices = [
  { path: "/info/1005.htm", date: "2026-05-12", title: LONG, body: paragraphs("新生入学报名工作") },
  { path: "/info/1004.htm", date: "2026-05-11", title: "2026年本科转专业考核安排表", body: paragraphs("转专业考核工作") + TABLE },
  { path: "/info/1003.htm", date: "2026-05-08", title: LATIN, body: paragraphs(`${LATIN}的发布工作`) + `<p>https://example.edu.cn/${"a".repeat(180)}</p>` },
  { path: "/info/1002.htm", date: "2026-05-06", title: "关于2026年端午节放假安排的通知", body: paragraphs("端午节放假工作"), revised: paragraphs("端午节放假调休工作") },
  { path: "/info/1001.htm", date: "2026-04-28", title: "校园一卡通系统升级公告", body: `${paragraphs("一卡通系统升级工作")}<h4>附：办理流程</h4><ol><li>登记</li><li>审核</li></ol><blockquote><p>升级期间食堂收取现金。</p></blockquote><pre>${"升级日志 upgrade log ".repeat(40)}</pre>` },
];

const whole = (title, body) =>
  `<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>${title}</title></head><body>${body}</body></html>`;

/** Starts the school on a port of loopback. `revise` changes one of its notices, `close` ends it. */
export function open(port) {
  let revised = false;
  const answer = (path) => {
    if (path === "/notices/") {
      const line = ({ path, title, date }) => `<li><a href="${path}">${title}</a><span>${date}</span></li>`;
      const shown = notices.map((notice) => (revised && notice.revised ? { ...notice, title: `${notice.title}（更新）` } : notice));
      return [200, whole("通知公告 - 云溪附中", `<h2>通知公告</h2><ul class="list">${shown.map(line).join("")}</ul>`)];
    }
    const notice = notices.find((notice) => notice.path === path);
    if (notice) {
      const isNew = revised && notice.revised;
      const title = isNew ? `${notice.title}（更新）` : notice.title;
      const facts = `<p class="info">发布时间：${notice.date}　来源：云溪附中教务处　作者：李老师</p>`;
      return [200, whole(title, `<h1>${title}</h1>${facts}<div class="content">${isNew ? notice.revised : notice.body}</div>`)];
    }
    if (path === "/broken/") return [500, whole("错误", "<p>数据库连接失败</p>")];
    if (path === "/empty/") return [200, whole("栏目", "<p>栏目建设中。</p>")];
    return [404, whole("没有这一页", "<p>没有这一页。</p>")];
  };
  const server = http.createServer((request, response) => {
    const [status, body] = answer(request.url.split("?")[0]);
    response.writeHead(status, { "Content-Type": "text/html; charset=utf-8" }).end(body);
  });
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(port, "127.0.0.1", () =>
      resolve({
        revise: () => (revised = true),
        close: () => server.close(),
        title: LONG,
      }),
    );
  });
}
