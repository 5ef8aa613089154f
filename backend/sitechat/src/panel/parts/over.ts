// What lies over the panel: menus, the question before something final, the rows of a list, the viewer.
export { openActions } from "../over/actions";
export { choose } from "../over/choose";
export { confirm, openMenu } from "../over/menu";
export { confirmEnd, openMain } from "../over/main";
export { openViewer } from "../over/viewer";
